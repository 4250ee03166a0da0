"""What a mail says, read from its bytes: no database, no clock, and no mail so broken that it raises."""
