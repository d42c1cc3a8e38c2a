"""
The Spanish words of many uses, which tell a theme only where no other word tells one.

Most are things that are sold or stand in a shop: whoever names bread and no price, queue or
delivery speaks of the bread.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["SPANISH_HINTS"]

SPANISH_HINTS: Final[Mapping[str, str]] = {
    "price": (
        "dinero, plata, pasta, guita, lana, billete, euro, euros, pesos, dolares, paga, "
        "pagar, pagan, pague, pagamos, pago, pagaba, cobra*, cobre*, vale, valen, etiqueta*, "
        "marcaba, marca un, ponia en, tiene otro, competencia, puntos, socios, socio, "
        "membresia*, suscripcion*, cliente fiel, clientes fieles, clientes de siempre, "
        "jubilad*, pensionista*, estudiante*, tercera edad, adultos mayores, letra pequeña, "
        "letra chica, promocionales, gratis, regalo, regalos, al mes, al año, intereses, "
        "prestamo*, credito, recibo*, elevado*, elevada*, excesiv*, plan mas, enfrente, "
        "no sirve para nada, engañ*, mas por menos, penalizacion*, multa, # euros, # €, € #, "
        "$ #, # $, # pesos, # soles, # dolares, # lucas, # centimos, centimos, centavos, "
        "bolsas, bolsa, cuanto, ganancia*, margen, por lo mismo, lo mismo por"
    ),
    "waiting": (
        "hora, horas, minutos, rato, ratito, turno, turnos, tiempo, caja, cajas, tenia cita, "
        "cita, citas, cita previa, tramite*, agobio, rapido, rapida, rapidos, rapidas, "
        "rapidisim*, quick, prisa*, demasiado tiempo, mucho tiempo, ocupad*, llen*, tarde, "
        "tardio, retraso*, pronto, paciencia, llamada*, llamo y, telefono, hartos, colas y, "
        "mas rapid*, parado en, parados"
    ),
    "staff": (
        "servicio, servir, sirve, sirven, sirvio, sirvieron, chica, chico, chicos, chicas, "
        "señor, señora, hombre, mujer que, nadie, alguien, ellos, ella, el mismo, quien me, "
        "quien, uniforme*, hablar con, hablar con alguien, una persona, humano, pregunt*, "
        "dijo, dijeron, dicen, me dijo, me dijeron, respuesta*, responder, seguridad, "
        "gracias a, trabaja*, hablando, hablando por, miran, mirar, siguen, prometi*, "
        "responsab*, seriedad, falta de seriedad, informal*, equipo, recepcion, mostrador, "
        "solucion*, negaron, se nego, se niegan, no me quisieron, no quisieron, no quiso, "
        "quisieron cambiar, reclamado, reclame, reclamacion*, reclamo*, reclamar, quejas, "
        "queja, queje, me queje, nadie me, nadie te, nadie nos, seguro, seguros, venderme, "
        "me vendan, molest*, esconden, se esconden"
    ),
    "hours": (
        "lunes, martes, miercoles, jueves, viernes, sabado*, domingo, los lunes, madrugada, "
        "noche, por la noche, por la tarde, por la mañana, de la mañana, de la tarde, "
        "de la noche, temprano, tempranit*, tarde*, tardisimo, mas tarde, mas pronto, "
        "antes de las, a las #, las #, a las siete, las ocho, las nueve, las diez, jornada, "
        "google, en google, cartel de la puerta, en la puerta pone, nochebuena, nochevieja, "
        "año nuevo, dia de reyes, semana santa, en agosto, en verano, en navidad, vacaciones, "
        "a primera hora, ultima hora, salgo tarde, ya cerrado, domingo por, domingos, "
        "los domingos, los sabados, fines de semana, fin de semana, en domingo, al mediodia, "
        "a mediodia, medio dia, mediodia, siesta, turno de tarde, los que trabajamos, "
        "los que trabajan, quienes trabajamos, salir del trabajo, salimos del trabajo, "
        "salgo del trabajo, salgo de trabajar, salimos de trabajar, despues del trabajo, "
        "despues de trabajar, antes del trabajo, antes de trabajar, entrar al turno, "
        "salgo a las, salimos a las, hasta las #, hasta las, abren a las, a partir de las, "
        "de # a #, desde las, madrugador*, bajando la persiana"
    ),
    "delivery": (
        "llega, llegan, llego, llegaron, llegado, llegar, llegue, mandan, mandar, mando, "
        "a casa, en casa, compra a, internacional*, direccion, vecin*, caja rota, "
        "la caja aplastada, rotos, rota, roto, pedi, pedi el, pedi un, pedimos, encarg*, "
        "dañad*, taquilla*, dias, semanas, retras*, demorad*, sin avisar, transporte, moto, "
        "para llevar, otro producto, prometieron, plastico, he recibido, recibi, recibido, "
        "faltaban, faltaba un, faltaba una, me falto, mandaron, otro cliente, me dejaron, "
        "traerme, por traer, traerlo, instalar, instalaron, dejaron el, dejaron la, "
        "en la calle, llego el, un dia entero, en seis semanas, desconocido, me trajeron, "
        "trajeron otro, trajeron otra"
    ),
    "product": (
        "producto del, disponib*, venden mas, vende, vender, falta, faltan, mas tipos, "
        "mas tipo de, mas cosas, cosas, nuevos, nuevas, novedades, novedad, extraño, "
        "no tienen, no hay, nunca, buscar, buscando, encontrar, encontre, encuentro, niño, "
        "niños, niñas, bebe, bebes, mujer, de temporada, moda, ropa, vestido*, camisa*, "
        "camiseta*, remera*, playera*, pantalon*, vaqueros, jeans, falda*, chaqueta*, "
        "chamarra*, campera*, abrigo*, zapat*, tenis, botas, sandalias, ropa interior, "
        "calcetin*, medias, bañador*, bolso*, cartera*, joya*, cosmetic*, maquillaje*, "
        "perfume*, labial*, champu, crema*, medicamento*, medicina*, remedio*, receta*, "
        "vitaminas, comida, comidas, desayun*, cena, cenas, almuerzo*, ensalada*, sopa*, "
        "salsa*, bocadillo*, sandwich*, torta*, pizza*, hamburguesa*, tacos, tortilla*, "
        "arepa*, empanada*, pasta de, arroz, pan, pastel*, bolleria, medialuna*, facturas de, "
        "leche, huevo, huevos, queso*, yogur*, mantequilla, carne*, pollo, ternera, cerdo, "
        "jamon*, pescado*, marisco*, fruta*, fresas, frutilla*, manzana*, platano*, tomate*, "
        "patata*, papas, verdura*, hortaliza*, especias, cafe, descafeinado, cerveza*, vino*, "
        "zumo*, jugo*, refresco*, helado*, chocolate*, galleta*, cereales, panal*, papilla, "
        "pienso, comida para perr*, alimento para, mueble*, sofa*, colchon*, lampara*, "
        "bombilla*, foco, focos, pintura*, herramienta*, taladro*, tornillo*, planta, "
        "plantas, semilla*, tierra, flores, rosas, arbol*, libro, libros, novela*, revista*, "
        "periodico*, papeleria, juguete*, juego, juegos, vinilo*, ordenador*, computador*, "
        "impresora*, tinta, cartucho*, cable*, cargador*, auriculares, television*, tele, "
        "nevera*, heladera*, frigorific*, lavadora*, tostadora*, cafetera*, bateria*, pila, "
        "pilas, celulares, moviles, llanta*, neumatico*, freno*, cobertura, señal, fibra, "
        "maquina*, clase, clases, yoga, bicicleta*, folleto*, volante*, elegir, adolescente*, "
        "juvenil, señoras, caballero*, salchicha*, embutido*, chorizo, conservas, congelados, "
        "legumbres, frijoles, garbanzos, lentejas, aceite*, azucar, harina, sal, "
        "frutos secos, golosinas, caramelos, detergente*, suavizante, toallas, ropa de cama, "
        "velas, costura, agujas, lanas, hilo*, ferreteria, clavos, madera, macetas, camping, "
        "pesca, tiendas de campaña, cascos, que ha pasado con, donde estan los, "
        "donde estan las, anuncian, anunciad*, quiten los, quiten las, cosas de, de hombre, "
        "de mujer, alcohol, comida de, comida asiatica, latina, latinos, nunca hay, "
        "nunca esta, nunca estan, se acab*, articulos, no encuentro, no encuentras, "
        "imposible encontrar"
    ),
    "web": (
        "cuenta, correo, correos electronicos, email*, mail, mails, newsletter, foto*, "
        "imagen*, descripcion*, medidas, movil, celular, tablet, sms, mensaje*, qr, tarjeta, "
        "tarjetas, pago con tarjeta, pantalla*, sistema, tecnolog*, redes sociales, "
        "instagram, facebook, whatsapp, wasap, tiktok, reserva*, apartar, cancelar, "
        "cancelacion*, busqueda*, busco, llamar para, datos, el sitio, su sitio, "
        "compre por internet, pedi por internet, comprar por internet, compre online, "
        "compra online, pedido online, pedi online, pedido por internet, pedido por la web, "
        "compre en linea, pedido en linea, usuario, codigo, escribir, escribo, invalid*, "
        "no es valida, no es valido"
    ),
    "cleanliness": ("orden, ducha*, regadera*, descuidad*, abandonad*, tirado, cubo*"),
    "access": (
        "entrada, acceso*, puerta, puertas, coche, carro, auto, mayores, abuelit*, abuelo*, "
        "ancian*, bus, rodillas"
    ),
    "shop": (
        "tienda, sucursal, edificio, sitio, lugar, espacio, mesa, mesas, silla, sillas, frio, "
        "calor*, alta, alto, bajita, bajen, grande, grandes, pequeñ*, chiquit*, fuerte, "
        "fuertes, claro, piscina, alberca, pileta, jardin, bonit*, preciosa, precioso, lind*, "
        "hermos*, fea, feo, piso, suelo, planta baja, primer piso, segundo piso, "
        "cajero automatico, cajeros automaticos, vuelta*, dando vueltas, perdid*, taquillas, "
        "casilla*, averiad*, salida*, en medio, al lado de, al lado del, junto a, sotano, "
        "arriba, abajo, muy alto, muy altas, perros, por todas partes"
    ),
    "returns": ("ticket, garantia*, cambiar, cambio, cambios, reparacion*, reparar"),
}
