"""The edge to a roaming hub by OICP 2.3, both roles. An MSP is called EMP here, as on the wire."""
