"""What the demo's retailer sells: things for kitchen, table and home, at made-up prices."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

__all__ = ["BRAND", "PRODUCTS", "Product", "gtin_of"]

BRAND: Final = "Casa Lindera"
"""Who makes all of it; competitors sell the brand as well."""
_FIRST_NUMBER: Final = 10_000


@dataclass(frozen=True, slots=True)
class Product:
    """
    An article of the price list.

    Attributes:
        sku: Its number.
        gtin: The number under its bar code.
        name: As it is sold.
        spanish: As the till prints it.
        family: The group it belongs to.
        price: In EUR, VAT contained.
        weight: How often it is bought, against the others.
    """

    sku: str
    gtin: str
    name: str
    spanish: str
    family: str
    price: Decimal
    weight: int

    def price_in(self, currency: str) -> Decimal:
        """Return the list price in EUR or GBP; pounds are whole."""
        if currency == "EUR":
            return self.price
        return max(Decimal(1), (self.price * Decimal("0.88")).quantize(Decimal(1)))


_PRICE_LIST = """
KIT-101|Chef's knife 20 cm|Cuchillo cebollero 20 cm|Kitchen|34.90|18
KIT-102|Bread knife 24 cm|Cuchillo para pan 24 cm|Kitchen|24.90|12
KIT-103|Paring knives, set of 3|Cuchillos puntilla, juego de 3|Kitchen|19.95|14
KIT-110|Olive wood cutting board|Tabla de cortar de olivo|Kitchen|29.90|20
KIT-111|Bamboo cutting board|Tabla de cortar de bambú|Kitchen|16.50|13
KIT-120|Cast iron casserole 24 cm|Cazuela de hierro fundido 24 cm|Kitchen|89.00|14
KIT-121|Paella pan 38 cm|Paellera 38 cm|Kitchen|27.50|22
KIT-122|Frying pan 28 cm|Sartén 28 cm|Kitchen|39.90|25
KIT-123|Saucepan 16 cm|Cazo 16 cm|Kitchen|22.90|16
KIT-124|Stockpot 10 l|Olla 10 l|Kitchen|64.00|7
KIT-130|Mixing bowls, set of 4|Cuencos de mezcla, juego de 4|Kitchen|32.00|11
KIT-131|Kitchen scale|Báscula de cocina|Kitchen|18.90|15
KIT-132|Oven thermometer|Termómetro de horno|Kitchen|12.50|7
KIT-133|Rolling pin|Rodillo de amasar|Kitchen|9.95|10
KIT-134|Cake tin 26 cm|Molde desmontable 26 cm|Kitchen|14.90|13
KIT-135|Silicone spatulas, set of 3|Espátulas de silicona, juego de 3|Kitchen|11.90|17
KIT-140|Espresso maker, 6 cups|Cafetera italiana, 6 tazas|Kitchen|26.90|24
KIT-141|French press 1 l|Cafetera de émbolo 1 l|Kitchen|24.50|15
KIT-142|Kettle 1.7 l|Hervidor 1,7 l|Kitchen|44.90|12
KIT-143|Hand blender|Batidora de mano|Kitchen|59.90|12
KIT-144|Stand mixer|Robot amasador|Kitchen|329.00|4
KIT-145|Coffee machine|Cafetera superautomática|Kitchen|449.00|3
TAB-201|Dinner plate|Plato llano|Table|8.50|34
TAB-202|Soup plate|Plato hondo|Table|8.50|24
TAB-203|Dessert plate|Plato de postre|Table|6.50|24
TAB-204|Bowl|Bol|Table|7.20|26
TAB-205|Mug|Taza|Table|6.90|38
TAB-206|Espresso cups, set of 6|Tazas de café, juego de 6|Table|21.00|15
TAB-210|Wine glasses, set of 6|Copas de vino, juego de 6|Table|29.90|20
TAB-211|Tumblers, set of 6|Vasos, juego de 6|Table|18.00|22
TAB-212|Carafe 1 l|Jarra 1 l|Table|15.90|13
TAB-213|Champagne glasses, set of 6|Copas de cava, juego de 6|Table|31.00|9
TAB-220|Cutlery, 24 pieces|Cubertería, 24 piezas|Table|79.00|9
TAB-221|Salad servers|Cubiertos de ensalada|Table|13.50|9
TAB-230|Linen napkins, set of 4|Servilletas de lino, juego de 4|Table|24.00|16
TAB-231|Tablecloth 150 x 250|Mantel 150 x 250|Table|49.00|11
TAB-232|Place mat|Mantel individual|Table|5.50|20
HOM-301|Candle, fig|Vela de higo|Home|12.90|34
HOM-302|Candle, cedar|Vela de cedro|Home|12.90|27
HOM-303|Candle holder|Portavelas|Home|9.50|18
HOM-304|Ceramic vase|Jarrón de cerámica|Home|27.00|15
HOM-305|Photo frame 13 x 18|Marco de fotos 13 x 18|Home|11.50|16
HOM-306|Wall mirror 60 cm|Espejo de pared 60 cm|Home|69.00|7
HOM-307|Jute rug 160 x 230|Alfombra de yute 160 x 230|Home|129.00|6
HOM-308|Table lamp|Lámpara de mesa|Home|54.90|11
HOM-309|Floor lamp|Lámpara de pie|Home|99.00|6
HOM-310|Storage basket|Cesta|Home|17.90|21
HOM-311|Cushion 45 x 45|Cojín 45 x 45|Home|19.90|24
HOM-312|Wool blanket|Manta de lana|Home|59.00|13
BED-401|Duvet cover 150|Funda nórdica 150|Bed and bath|49.90|13
BED-402|Duvet cover 240|Funda nórdica 240|Bed and bath|69.90|11
BED-403|Fitted sheet 150|Sábana bajera 150|Bed and bath|24.90|16
BED-404|Pillowcase|Funda de almohada|Bed and bath|9.90|24
BED-405|Pillow|Almohada|Bed and bath|27.50|12
BED-410|Bath towel|Toalla de baño|Bed and bath|18.90|26
BED-411|Hand towel|Toalla de manos|Bed and bath|9.90|26
BED-412|Bath mat|Alfombrilla de baño|Bed and bath|16.90|14
BED-413|Bathrobe|Albornoz|Bed and bath|45.00|9
FUR-501|Dining table, oak|Mesa de comedor, roble|Furniture|1149.00|2
FUR-502|Dining chair|Silla de comedor|Furniture|119.00|6
FUR-503|Shelf|Estantería|Furniture|189.00|4
FUR-504|Stool|Taburete|Furniture|64.00|6
"""


def gtin_of(number: int) -> str:
    """Return a GTIN-13 with its check digit, of a range that is for inner use only."""
    stem = f"20{number:010}"
    total = sum(int(each) * (3 if at % 2 else 1) for at, each in enumerate(stem))
    return f"{stem}{-total % 10}"


def _read_price_list(text: str) -> tuple[Product, ...]:
    rows = (line.split("|") for line in text.strip().splitlines())
    return tuple(
        Product(sku, gtin_of(number), name, spanish, family, Decimal(price), int(weight))
        for number, (sku, name, spanish, family, price, weight) in enumerate(rows, _FIRST_NUMBER)
    )


PRODUCTS = _read_price_list(_PRICE_LIST)
