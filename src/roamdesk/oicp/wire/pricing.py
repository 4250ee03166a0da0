"""Prices without VAT, pushed by CPOs and pulled by EMPs (section 5.13)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from roamdesk.oicp.wire.evse import PeriodType
from roamdesk.oicp.wire.message import Answer, Filled, Message, Must, Part
from roamdesk.oicp.wire.parts import StatusCodeType
from roamdesk.oicp.wire.rules import Also, Either, Number, OneIsEnough
from roamdesk.oicp.wire.vocabulary import (
    ActionText,
    AdditionalReferenceText,
    AnyProviderText,
    Boolean,
    CurrencyText,
    DayText,
    EvseIDText,
    OperatorIDText,
    Price,
    ProductText,
    ProviderIDText,
    ReferenceUnitText,
    Text100,
    TimeText,
)


class ProductAvailabilityTime(Part):
    """As opening times, but the list is called `Periods` here."""

    Periods: Annotated[Filled[list[PeriodType | None] | None], Either("Period"), OneIsEnough()] = None
    on: Annotated[Must[DayText], Also("On")] = None


class AdditionalReferenceType(Part):
    AdditionalReference: Must[AdditionalReferenceText] = None
    AdditionalReferenceUnit: Must[ReferenceUnitText] = None
    PricePerAdditionalReferenceUnit: Must[Price] = None


class PricingProductDataRecord(Part):
    """`MaximumProductChargingPower` in kW."""

    ProductID: Must[ProductText] = None
    ReferenceUnit: Must[ReferenceUnitText] = None
    ProductPriceCurrency: Must[CurrencyText] = None
    PricePerReferenceUnit: Must[Price] = None
    MaximumProductChargingPower: Must[Annotated[Decimal | None, Number(places=12, least=Decimal(0))]] = None
    IsValid24hours: Must[Boolean] = None
    ProductAvailabilityTimes: Must[list[ProductAvailabilityTime | None] | None] = None
    AdditionalReferences: list[AdditionalReferenceType | None] | None = None


class PricingProductDataType(Part):
    """`ProviderID` is `*` when the prices hold for every EMP."""

    OperatorID: Must[OperatorIDText] = None
    OperatorName: Text100 = None
    ProviderID: Must[AnyProviderText] = None
    PricingDefaultPrice: Must[Price] = None
    PricingDefaultPriceCurrency: Must[CurrencyText] = None
    PricingDefaultReferenceUnit: Must[ReferenceUnitText] = None
    PricingProductDataRecords: Must[list[PricingProductDataRecord | None] | None] = None


class PushPricingProductData(Message):
    ActionType: Must[ActionText] = None
    PricingProductData: Must[PricingProductDataType | None] = None


class EvsePrice(Part):
    EvseID: Must[EvseIDText] = None
    ProviderID: Must[AnyProviderText] = None
    EvseIDProductList: Filled[list[ProductText] | None] = None


class PushEVSEPricing(Message):
    ActionType: Must[ActionText] = None
    EVSEPricing: Must[list[EvsePrice | None] | None] = None


class PullPricingProductData(Message):
    OperatorIDs: Annotated[Filled[list[OperatorIDText] | None], Also("OperatorIds")] = None
    LastCall: TimeText = None


class PricingProductDataResponse(Answer):
    PricingProductData: Must[list[PricingProductDataType | None] | None] = None
    StatusCode: StatusCodeType | None = None


class PullEVSEPricing(Message):
    ProviderID: Must[ProviderIDText] = None
    OperatorIDs: Annotated[Filled[list[OperatorIDText] | None], Also("OperatorIds")] = None
    LastCall: TimeText = None


class OperatorEvsePricing(Part):
    OperatorID: Must[OperatorIDText] = None
    OperatorName: Text100 = None
    EVSEPricing: Must[list[EvsePrice | None] | None] = None


class EVSEPricing(Answer):
    EVSEPricing: Annotated[Must[list[OperatorEvsePricing | None] | None], Either("OperatorEVSEPricing")] = None
    StatusCode: StatusCodeType | None = None
