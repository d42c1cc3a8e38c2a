"""
The English words of many uses, which tell a theme only where no other word tells one.

Most are things that are sold or stand in a shop: whoever names bread and no price, queue or
delivery speaks of the bread.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["ENGLISH_HINTS"]

ENGLISH_HINTS: Final[Mapping[str, str]] = {
    "price": (
        "money, pay, paid, paying, dollar*, pound, pounds, euro, euros, cent, cents, pence, "
        "wallet, saving, savings, saves, save, students, student, pensioner*, senior, "
        "seniors, oap, oaps, members only, member*, subscription*, loyal customer*, loyal, "
        "loyalty, loyalty point*, points, contract price, tip, tips, rates, worth it, worth, "
        "value, competitor*, competition, than aldi, than lidl, than tesco, than amazon, "
        "than walmart, than costco, elsewhere, down the road, thieves, scam*, a con, free, "
        "receipt*, sticker*, label*, tag*, # %, per month, a month, a year, a pop, twice the, "
        "three times the, smaller packs, bulk, family pack*, small print, increase*, rise, "
        "premium, card minimum, contactless, cash only, loan*, mortgage*, fine, fined, "
        "penalty, £ #, $ #, € #, # €, # £, # $, # p, # cents, # pence, # pounds, # quid, "
        "# dollars, # bucks, # euros, penny, pennies, quid, bucks, charging, how much, broke, "
        "profit*, than last year, the same amount, for the same, same money, reduced, "
        "reduction*, put up the, lower your"
    ),
    "waiting": (
        "till, tills, the till, a till, checkout, register, quick*, fast, prompt*, express, "
        "rush hour, peak, busy, crowd*, hour, hours, minutes, mins, ages, forever, "
        "appointment*, time to pay, long, hold, phone line*, took, takes, time, impatient, "
        "delay*, patience, standing, stood, already taken, always taken, occupied, "
        "always full, fully booked, booked up, queue barrier*, trickle, standing room, "
        "gave up, so long, how long, too long, an hour, hour to, hour in, half hour, faster, "
        "endless, walked out, abandon*"
    ),
    "staff": (
        "help, helping, helps, helped, service, serving, serve, team, crew, lady, ladies, "
        "girl, girls, guy, guys, gentleman, boy, lad, woman, man, host, hostess, chef, cook, "
        "reception, server, servers, guard, security, security staff, she, he, her, his, him, "
        "kind, kindness, lovely, nice, nobody, no one, nobody s, someone, somebody, anyone, "
        "welcom*, thank you, thanks, told me, tells me, said he, asked, ask, asking, "
        "question*, no idea, answer*, reply, respond*, response*, training, uniform*, human, "
        "a person, real person, actual person, care, pressur*, upsell*, disappoint*, "
        "promise*, lie, liar*, behavio*, conduct, understanding, patient*, counter, the desk, "
        "support, complain*, bloke, fella, dude, tone, assistance, judge*, joke with, "
        "insist*, persist*, argue*, argument, insurance, bother*, eyelid, sell me, bored, "
        "miserable, legend, a star, a gem, pleasant*, thanks to, big thanks to, hide, hides, "
        "hiding, disappear when, kid at, royalty"
    ),
    "hours": (
        "open, until, till #, until #, till late, monday*, tuesday*, wednesday*, thursday*, "
        "friday*, saturday*, sunday*, weekend*, weekday*, holiday*, christmas eve, easter, "
        "thanksgiving, midnight, noon, evening*, early, earlier, late, later, # am, # pm, "
        "# am to, o clock, lunchtime, lunch hour, lunch break, after six, before eight, "
        "shift*, work full time, timetable*, schedule*, on the door, sign says, google says, "
        "on google, google maps, early bird*, early morning*, on my way to work, let in, "
        "locked, sundays too, on sunday*, after work, before work, finish work, get off work, "
        "working people, nine to five, # to #, # till #, after #pm, until #pm, till #pm, "
        "before #am, past #pm, at #am, at #pm, from #am, boxing day, good friday, "
        "new year s day, thanksgiving day, after dinner, lunch, on my way home, commute*, "
        "in time for"
    ),
    "delivery": (
        "order, orders, ordering, arriv*, sent, send, sending, box, boxes, missing, damaged, "
        "crushed, smashed, squashed, melted, thawed, defrosted, address, neighbo*, locker*, "
        "the bell, bell, post, posted, next day, pick up, collect, collection, received, "
        "receive, carrier, overseas, abroad, international*, ireland, transport, van, lorry, "
        "truck, takeaway, take out, cold every time, gets here, got here, here by, turned up, "
        "came late, due, weeks, days, upstairs, flat pack, somebody else s, "
        "two hours outside, time window, drop, bags were, recieve*, install, installed, "
        "installation, installers, in the rain, left it, left in the, was missing, "
        "were missing, missing from, lost in, lost my, was sent, been sent, sent me, "
        "sent out, third floor, left with, stranger, same day, days later, weeks later, "
        "day off for, whole day off, cardboard"
    ),
    "product": (
        "available, availability, options, item*, article*, sell, selling, sold, shelf, "
        "shelves, bring back, brought back, bring them back, used to have, used to sell, "
        "can t find, cannot find, never find, hard to find, couldn t find, find a, "
        "nothing for, never have, never got, didn t have, don t have, not have any, "
        "anything in, bigger size, flyer*, leaflet, catalog*, model, models, colour*, color*, "
        "style*, fashion, materials, fabric*, cotton, wool, plastic free, fresh, local, "
        "seasonal, food, foods, meal, meals, dish, dinner, breakfast*, lunch menu, dessert*, "
        "snack*, soup*, salad*, sauce*, sandwich*, pizza*, burger*, steak*, chips, fries, "
        "pasta, rice, bread, bakery, cake*, pastr*, croissant*, bagel*, milk, egg, eggs, "
        "cheese*, yoghurt*, yogurt*, butter, meat, chicken, beef, pork, sausage*, ham, "
        "seafood, salmon, fruit*, apples, bananas, strawberr*, tomato*, potato*, veg, "
        "vegetable*, herbs, spices, coffee, decaf, oat milk, tea, teas, beer*, wine*, drinks, "
        "juice*, ice cream, chocolate*, cereal*, crisps, baby food, formula, nappies, "
        "diapers, pet food, dog food, cat food, clothes, clothing, dress, dresses, skirt*, "
        "shirt*, t shirt*, jeans, trousers, pants, jacket*, coat*, shoe, shoes, boots, "
        "trainers for, sneakers, bra, bras, underwear, socks, tights, swimwear, menswear, "
        "womens, mens, school uniform*, jewel*, handbag*, cosmetic*, makeup, make up, "
        "lipstick*, perfume*, shampoo*, medication*, medicine*, tablets, prescription*, "
        "vitamins, furniture, sofa*, mattress*, curtains, lamp*, bulbs, paint, tools, drill*, "
        "screws, plants, seeds, compost, flowers, roses, trees, book, books, novel*, "
        "magazine*, newspaper*, stationery, toy, toys, games, puzzles, vinyl, dvd*, laptop*, "
        "computer*, printer*, ink, cartridge*, cable*, charger*, headphones, television*, "
        "tvs, fridge*, freezer*, kettle*, toaster*, washing machine*, battery, batteries, "
        "phones, handset*, tyre*, tires, brake*, coverage, signal, reception bars, roaming, "
        "broadband, machine, machines, weights, bikes, classes, class, yoga, spin, "
        "where are the, no more, gone, gift*, presents, section, department, dept, teen*, "
        "adults, kids, children s, tinned, frozen, crackers, biscuit*, oats, noodles, nuts, "
        "sweets, candy, soap powder, detergent*, towels, bedding, pillows, candles, rugs, "
        "knitting, sewing, yarn, needles, hardware, nails, timber, pots, bird food, fishing, "
        "camping, tents, helmets, advertised, keep the, more for, something for, for men, "
        "for women, groceries, grocery, foods from, alcohol, bring in some, polish, asian, "
        "indian, mexican, caribbean, halal meat, where have, where has, where did, "
        "never there, never any, got rid of, stopped doing, could you get, lasts, lasted, "
        "broke in, broke the, bought broke, snapped off"
    ),
    "web": (
        "search, account, my account, email*, e mail*, newsletter*, photo*, pictures, "
        "picture, image*, description*, dimensions, reviews, measurements, sms, "
        "text message*, a text, my phone, mobile, smartphone*, phone, tablet, iphone, screen, "
        "qr, scanner, basket, cart, checkout page, check out, wifi login, payment*, "
        "pay by card, card payment*, register an, registration, system, systems, technology, "
        "virtual, reserve, booking, bookings, book a, cancel, cancelling, cancellation*, "
        "social media, instagram, facebook, whatsapp, tiktok, data breach, load, loads, "
        "filter*, ordered online, order online, ordering online, bought online, "
        "online order*, type, typing, verify, code, subscribe, invalid, my card, not valid, "
        "error, errors, update, updates, spins, spinning, navigate, navigating, bugs"
    ),
    "cleanliness": (
        "disgusting, gross, rubbish, mess, bin, flies, mould on the, mold on the, "
        "tired looking, shower*, puddle*, soap, vacuum*, greasy"
    ),
    "access": (
        "step, steps, lift, entrance*, entry, door, doors, bike, bus, tram, blind, elderly, "
        "old folk, old people, older people, older folk, kids in tow, narrow door"
    ),
    "shop": (
        "light, dark, bright, cold, hot, warm, heat, sign, signs, signposts, table, tables, "
        "chair*, space, room, big, bigger, small, smaller, tiny, store layout, display*, "
        "corner, floor, floors, wall, walls, window*, door handle, hook, swimming pool, pool, "
        "garden, lobby, building, premises, branch, shop is, store is, place is, nice shop, "
        "lovely shop, lovely store, beautiful, pretty, gorgeous, cash machine*, atm, atms, "
        "wheel*, everything around, moved, find anything, find things, plants by the, locker, "
        "exit*, map, everywhere, in the way, next to the, beside the, all dark, basement, "
        "downstairs, ground floor, first floor, leak, leaks, leaking, carpet*, too high"
    ),
    "returns": ("receipt, warranty, guarantee*, repair*, replacement*, swap*"),
}
