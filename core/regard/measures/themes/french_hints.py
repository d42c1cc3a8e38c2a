"""
The French words of many uses, which tell a theme only where no other word tells one.

Most are things that are sold or stand in a shop: whoever names bread and no price, queue or
delivery speaks of the bread.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["FRENCH_HINTS"]

FRENCH_HINTS: Final[Mapping[str, str]] = {
    "price": (
        "argent, payer, paie, paye, payant*, paient, euro, euros, dollar*, piastre*, bon, "
        "bons, gratuit*, cadeau*, etiquette*, points, membres, carte de membre, abonnement*, "
        "adhesion, etudiant*, retraites, retraite, chomeur*, seniors, aines, "
        "familles nombreuses, clients fideles, fidele*, anciens clients, nouveaux clients, "
        "ailleurs, en face, en petits caracteres, ecrite en minuscule, vaut, vaut le, valoir, "
        "vole, voler, pigeon*, vache a lait, interet*, pret, credit*, assurance*, penalite*, "
        "amende, recu, montant*, prelev*, affichez vos, moyens, offre*, economies, # €, € #, "
        "# euros, # e, # balles, # dollars, # piastres, # $, $ #, # chf, centime*, combien, "
        "sacs, profit*, marge, meme montant, meme prix, poches"
    ),
    "waiting": (
        "caisse, ticket, tickets, vite, rapide, rapides, rapidement, long, longs, longue, "
        "longues, longtemps, heure, heures, minutes, temps, rendez vous, rdv, retard, "
        "presse*, patience, impatien*, pris en charge, prise en charge, service rapide, "
        "coupe, standard, decroche*, delai*, monde fou, du monde, bouscul*, midi c est, "
        "occupe*, toujours pris, soiree, passer en caisse, passage en caisse, a la caisse, "
        "aux caisses, caisses, une caisse, plus rapide*, plus vite, trop long, trop longue, "
        "trop longues, tres long, tres longue, si long"
    ),
    "staff": (
        "service, services, servi, servir, sert, servie, personne, quelqu un, dame, monsieur, "
        "garcon, fille, filles, homme, femme qui, jeune*, conseill*, reception, agence, "
        "comptoir, guichet, guichets, bravo, felicit*, me dit, m a, dit que, demande, "
        "question*, formation, formez, vendeuses, humain*, parler a, securite, promis, "
        "promesse*, promet*, tenue, uniforme*, regard*, chacun, serieux, manque de serieux, "
        "souci du, aimablement, reclam*, plaint*, me plaindre, personne ne, pression, "
        "solution*, cachent, se cachent"
    ),
    "hours": (
        "midi, tot, tard, matin, soir, soirs, tous les soirs, lundi*, mardi*, mercredi*, "
        "jeudi*, vendredi*, samedi*, week end*, weekend*, fin de semaine, fetes, vacances, "
        "en aout, l ete, en ete, l hiver, noel, reveillon, nouvel an, 14 juillet, 1er mai, "
        "1er novembre, 11 novembre, #h, #h#, a l heure, travail, boulot, bosse, google, "
        "pancarte, sur la porte, laisse entrer, dimanche*, entre midi, midi et deux, le midi, "
        "pause dejeuner, pause de midi, pause midi, apres le travail, apres le boulot, "
        "avant le travail, avant le boulot, quand on bosse, quand on travaille, "
        "ceux qui bossent, qui travaillent, sortir du travail, sortie du travail, "
        "sors du travail, sors du boulot, finis le travail, finit a, finis a, je finis, "
        "trop tot, plus tot, plus tard, matinal*"
    ),
    "delivery": (
        "envoye*, recue, recus, arrive, arriver, arrivee, abime*, casses, cassee*, casse, "
        "adresse*, voisin*, semaines, jours, retard*, apporter, chercher, recuperer, "
        "emporter, a emporter, a la maison, chez moi, troisieme, retrait, plastique, "
        "passe apres, laisse les, on m a laisse, m apporter, install*, monter le, monter les, "
        "monter la, monter au, depose*, lendemain, la moitie de, il manquait, manquait la, "
        "manquait un, manquait une, manquait deux, manquait des, manquant*, inconnu"
    ),
    "product": (
        "disponib*, trouver, trouve plus, trouve, plus de, il manque, manque, manquent, "
        "il faudrait, vend, vendre, vendez, vendiez, rayon, rayons, article*, nouveau, "
        "nouveaux, meme chose, memes, catalogue, circulaire, prospectus*, depliant*, mode, "
        "vetement*, robe, robes, jupe*, chemise*, t shirt*, pull*, pantalon*, jean*, veste*, "
        "manteau*, chaussure*, souliers, bottes, baskets, sandales, sous vetement*, culotte*, "
        "chaussette*, maillot*, sac a main, bijou*, cosmetique*, maquillage, parfum, "
        "rouge a levres, shampoing*, creme, medicament*, ordonnance*, vitamine*, couche*, "
        "petit pot, croquettes, litiere, repas, dejeuner*, diner*, petit dejeuner, buffet, "
        "entree et, salade*, soupe*, sauce*, sandwich*, pizza*, burger*, frites, poutine, "
        "pates, riz, pain, pains, baguette*, croissant*, viennoiserie*, patisserie*, gateau*, "
        "lait, oeuf*, fromage*, yaourt*, yogourt*, beurre, viande*, poulet, boeuf, porc, "
        "jambon, saucisse*, poisson*, saumon, fruits, fruit, fraises, pommes, bananes, "
        "tomate*, patates, legume*, herbes, epices, cafe, the, biere*, vin, vins, jus, "
        "glaces, glace, chocolat*, biscuit*, cereales, asiatique*, soja, avoine, tofu, "
        "meuble*, canape*, matelas, lampe*, ampoule*, peinture*, outil*, perceuse*, vis, "
        "plante*, plants, graine*, terreau, fleurs, rosiers, arbre*, livre de, livres, "
        "livres de, romans, roman, auteur*, bd, magazines, revues, journaux, papeterie, "
        "jouet*, jeu, jeux, jeux de societe, vinyle*, ordinateur*, imprimante*, encre, "
        "cartouche*, cable*, chargeur*, ecouteurs, televis*, frigo*, lave linge*, laveuse*, "
        "grille pain, cafetiere*, batterie*, pile, piles, cellulaires, pneu*, frein*, reseau, "
        "couverture reseau, fibre, machine*, cours de, cours, yoga, velos elliptiques, "
        "tapis de course, laine, tricot*, tissu*, fermetures eclair, meilleure*, choisir, "
        "ado, ados, adolescent*, enfant*, bebe*, charcuterie, conserve*, surgele*, "
        "legumineuse*, haricots, lentilles, huile*, sucre, farine, sel, noix, bonbons, "
        "lessive, detergent*, serviettes, linge, bougies, couture, aiguilles, fil, "
        "quincaillerie, clous, bois, pots, camping, peche, tentes, casques, ou sont les, "
        "ou est le, annonce*, gardez les, pour les hommes, pour les femmes, choses pour, "
        "alcool, produits de, africains, portugais, y a plus, n y a jamais, jamais de, "
        "impossible de trouver, difficile de trouver, dur de trouver"
    ),
    "web": (
        "recherche, photo*, image*, dimensions, description*, descriptif*, avis clients, "
        "video*, mesures, smartphone*, iphone, tablette*, cellulaire, telephone, portable, "
        "mobile, sms, texto*, mail, mails, email*, courriel*, newsletter*, infolettre*, "
        "publicitaire*, promotionnels, qr, compte, mes donnees, mes informations, reserver, "
        "reservation*, annuler, annulation*, resilier, resiliation, code promo, instagram, "
        "facebook, whatsapp, tiktok, reseaux sociaux, formulaire*, facture par mail, "
        "carte dematerialisee, informatique, systeme, ecran, code barre*, averti*, "
        "commande en ligne, commander en ligne, commande sur internet, commande sur le site, "
        "commande sur votre site, achete en ligne, acheter en ligne, code, tape, ecrire, "
        "pas valide, invalid*"
    ),
    "cleanliness": ("porcherie, lamentable, douche*, poils, gras, pigeons"),
    "access": (
        "entree, acces, porte, portes, voiture, auto, velo, velos, bus, metro, "
        "personnes agees, vieilles jambes, genoux, sortie"
    ),
    "shop": (
        "magasin, boutique, local, locaux sont, lieu, endroit, batiment, hall, plantes a, "
        "etage, sous sol, rez de chaussee, etagere*, espace, place, grand, grands, petit, "
        "petits, petite, beau, belle, magnifique*, joli*, moche*, table, tables, chaise*, "
        "rideau*, crochet*, chaud, froid, chaleur, fort, piscine, jardin, migraine, "
        "mal de tete, haut, bas, cadenas, en panne, a cote de, a cote du, a cote des, "
        "pres de la, sous sols, trop haut, trop hauts, trop haute, partout, plan, tomber"
    ),
    "returns": ("garantie*, reparation*, reparer, remplac*"),
}
