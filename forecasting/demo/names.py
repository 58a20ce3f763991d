"""Words for people and companies that look real and are nobody's."""

from random import Random

FIRST = (
    "Aaron Adele Agnes Ahmed Aisha Alan Alba Alma Amir Ana Anders Andrea Anika Anton Arthur Astrid Aurora Beatriz Ben "
    "Bianca Boris Brigid Bruno Callum Camille Carla Carmen Cedric Celia Chen Chloe Clara Claudia Clement Cora Dalia "
    "Daniel Daria David Dean Delia Diego Dmitri Dora Edith Edgar Elena Eli Elif Elsa Emil Emma Enzo Erik Esther Eva "
    "Fabio Farah Felix Fiona Flora Frida Gabriel Gemma George Gita Greta Hamza Hana Harold Hazel Helen Hugo Ibrahim "
    "Ida Igor Ines Ingrid Irene Isaac Ivan Ivy Jack Jana Jasper Joan Jonas Josef Judith Julia Kai Kara Karim Kate "
    "Keiko Klara Lars Laura Leah Leila Leo Liam Lina Lorenzo Louis Lucia Luna Magnus Maja Malik Marco Maria Marit "
    "Martha Mateo Maya Mei Milan Mina Miriam Mona Nadia Naomi Nils Nina Noah Nora Olaf Oliver Omar Oscar Paula Pedro "
    "Petra Philip Priya Quentin Rachel Rafael Ravi Rita Robin Rosa Ruben Ruth Sami Sandra Sara Selma Silvia Simon "
    "Sofia Stella Sven Tara Teresa Theo Tina Tomas Ulla Uma Vera Victor Viola Walter Wanda Yara Yusuf Zara Zoe"
).split()

LAST = (
    "Abbott Adeyemi Ahlgren Almeida Amsel Andrade Arslan Aubert Bachmann Bakker Baptiste Barros Bauer Beckett Berg "
    "Bianchi Blom Bouchard Brandt Brennan Bruun Byrne Cabrera Calder Campos Carver Castell Chandra Chen Clarke "
    "Corbett Costa Cruz Dahl Dalton Danek Delgado Demir Diallo Doyle Duarte Dubois Eklund Ellis Engel Eriksen Esposito "
    "Falk Farrell Ferrari Fischer Fontaine Forster Fuchs Gallagher Garnier Gibson Grant Greco Haas Haddad Hale Hansen "
    "Hartley Haugen Hayashi Hedberg Heller Herrera Hoffmann Horvat Hughes Ibarra Ivanov Jansen Jensen Joshi Kaplan "
    "Karlsson Keane Keller Khan Kim Klein Koch Kovac Krause Kumar Laine Lambert Larsen Laurent Lehmann Leroy Lindgren "
    "Lopez Lund Maier Malik Marchetti Marsh Martens Mendes Meyer Mills Molina Moreau Moretti Morgan Mueller Nagy Nair "
    "Navarro Nguyen Nielsen Novak Nyberg Oakes Okafor Olsen Ortiz Osei Palmer Park Patel Pavlov Perez Petit Popov "
    "Quinn Rahman Ramos Rasmussen Reyes Ricci Rivera Rossi Roux Russo Salem Santos Sato Schmid Schulz Sharma Silva "
    "Sorensen Stein Strand Suzuki Takeda Tan Torres Turner Vargas Vidal Vogel Wagner Walsh Weber Wells Winter Wolff "
    "Wright Yamada Yilmaz Zhang Ziegler"
).split()

STEMS = (
    "Alder Amber Anchor Apex Arbor Ashgrove Aurora Beacon Birch Blue Bluewater Bramble Bright Brook Canyon Cascade "
    "Cedar Clear Cobalt Copper Coral Crest Crown Delta Dune East Ember Evergreen Fair Falcon Fenwick Fern Flint Forest "
    "Garnet Gilt Glen Granite Green Gull Halcyon Harbor Hart Hazel Heather Heron High Hill Iron Ivory Jade Juniper "
    "Kestrel Keystone Lake Larch Lark Laurel Linden Lumen Maple Marble Meadow Mill Mistral Moss North Oak Ocean Olive "
    "Onyx Opal Orchard Osprey Otter Pearl Pine Pinnacle Prairie Quarry Quill Raven Red Ridge River Rowan Saffron Sage "
    "Sandstone Silver Slate Solstice South Spruce Sterling Stone Summit Swift Tallis Thorn Tide Timber Topaz Valley "
    "Verity Vesper Vista West Willow Winter Wren"
).split()

ENDINGS = {
    "Logistics": ("Logistics", "Freight", "Shipping", "Couriers", "Haulage"),
    "Utilities": ("Utilities", "Power", "Water Works", "Energy Partners"),
    "Construction": ("Builders", "Construction", "Civil Works", "Contractors"),
    "Health care": ("Clinics", "Health Systems", "Dental Group", "Home Care"),
    "Retail": ("Retail", "Stores", "Outfitters", "Markets"),
    "Manufacturing": ("Manufacturing", "Works", "Industries", "Components"),
    "Education": ("Schools Trust", "Academy", "Colleges"),
    "Food": ("Foods", "Bakeries", "Dairies", "Produce"),
    "Hospitality": ("Hotels", "Resorts", "Catering"),
    "Insurance": ("Insurance", "Mutual", "Underwriters"),
}

COUNTRIES = ("United States", "Canada", "United Kingdom", "Germany", "France", "Netherlands", "Sweden", "Spain")
SOURCES = ("Web form", "Referral", "Trade fair", "Webinar", "Partner", "Outbound")
TITLES = (
    "Operations director",
    "Head of finance",
    "Fleet manager",
    "IT manager",
    "Chief operating officer",
    "Purchasing manager",
    "Depot manager",
    "Managing director",
)
PROJECTS = (
    "Fleet telemetry rollout",
    "Depot scheduling pilot",
    "Route planning, {n} vans",
    "Dispatch Cloud, {n} seats",
    "Field app for technicians",
    "Claims inspection app",
    "Cold-chain monitoring",
    "Maintenance planning",
    "Contractor portal",
    "Seat expansion, +{n}",
    "Telemetry gateways, {n} trucks",
    "Premium support",
    "Service desk for {n} branches",
    "Inspection rounds, {n} sites",
    "Time recording on site",
)
NEXT = (
    ("call", "Call {first} about the budget"),
    ("call", "Call {first}, answer open questions"),
    ("email", "Send {first} the price sheet"),
    ("meeting", "Workshop with {first} and the depot"),
    ("meeting", "Demo for {first}'s team"),
    ("task", "Prepare the plan for {first}"),
    ("visit", "Visit {first} on site"),
)
DONE = (
    ("call", "Talked to {first}: budget is set for this quarter"),
    ("call", "{first} wants two references from the same industry"),
    ("meeting", "Demo for {first}, six people, good questions"),
    ("email", "{first} asked for prices with and without hardware"),
    ("meeting", "Walked through the rollout plan with {first}"),
    ("call", "{first} compares us with two others, decides by month's end"),
    ("visit", "Saw the depot with {first}, 40 vehicles on two shifts"),
)
COMPETITION = (
    "Two others were asked for an offer; price matters less than the rollout date.",
    "The present supplier offers a renewal at 10 % less.",
    "None so far, they build with spreadsheets.",
    "One larger suite is on the table; their drivers did not like the app.",
)
CASES = (
    ("Gateway stays offline after the update", "P2"),
    ("Drivers cannot log in since this morning", "P1"),
    ("Invoice shows last year's address", "P4"),
    ("Route export takes ten minutes", "P3"),
    ("How do we add a second depot?", "P4"),
    ("App closes when a photo is attached", "P2"),
    ("Two vehicles swapped on the map", "P3"),
)


class Names:
    """A stream of names from one source of chance; companies never repeat."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self._used: set[str] = set()

    def person(self) -> tuple[str, str]:
        """A first and a last name."""
        return self.chance.choice(FIRST), self.chance.choice(LAST)

    def company(self) -> tuple[str, str]:
        """A company and its industry."""
        while True:
            industry = self.chance.choice(sorted(ENDINGS))
            name = f"{self.chance.choice(STEMS)} {self.chance.choice(ENDINGS[industry])}"
            if name not in self._used:
                self._used.add(name)
                return name, industry


def domain(company: str) -> str:
    """A reserved domain for a company, so that no mail ever reaches anybody."""
    return "".join(letter for letter in company.lower() if letter.isalnum()) + ".example"
