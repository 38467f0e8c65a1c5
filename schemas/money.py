"""Amounts of money as people write them: with as many decimals as their currency has (ISO 4217)."""

from decimal import Decimal

USUAL_DECIMALS = 2
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_OTHER_DECIMALS: dict[str, int] = {
    **dict.fromkeys(_NONE.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
}
"""Where it is not two."""


def in_currency(amount: Decimal, currency: str | None) -> Decimal:
    """The amount with its currency's decimals; with more only where they are not zero.

    Args:
        currency: by its ISO code; None: not known, so it has two.
    """
    rounded = amount.quantize(Decimal(1).scaleb(-_OTHER_DECIMALS.get(currency or "", USUAL_DECIMALS)))
    return rounded if rounded == amount else amount.normalize()
