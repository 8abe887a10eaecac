"""Who works at Quayside, the company whose support desk the seed is, and who its customers are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

COMPANY: Final = "Quayside"
DOMAIN: Final = "quayside.example"
TEAM_ID: Final = "T0QUAYSIDE"


class Agent(NamedTuple):
    """A member of the support team."""

    name: str
    title: str
    pronoun: str | None = None
    deleted: bool = False


AGENTS: Final = (
    Agent("Priya Nair", "Senior Support Engineer", "she/her"),
    Agent("Tomasz Zieliński", "Support Engineer"),
    Agent("Hannah Okafor", "Support Lead", "she/her"),
    Agent("Luis Ferreira", "Support Engineer", "he/him"),
    Agent("Mei Tanaka", "Solutions Engineer"),
    Agent("Jonas Lindqvist", "Support Engineer", "he/him"),
    Agent("Jonas Weber", "Billing Specialist"),
    Agent("Aisha Rahman", "Technical Account Manager", "she/her"),
    Agent("Carla Brandt", "Support Engineer", "she/her", deleted=True),
)
AT_WORK: Final = tuple(index for index, agent in enumerate(AGENTS) if not agent.deleted)
BILLING: Final = 6
LEAD: Final = 2


class Contact(NamedTuple):
    """Someone at a customer."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Company:
    """A customer. `slack` is the name of the shared channel, or None for one that writes mail and chats."""

    name: str
    domain: str
    contacts: tuple[Contact, ...]
    slack: str | None = None
    tags: tuple[str, ...] = ()
    primary: int | None = None
    autoresponder: str | None = None
    triage: bool = True
    old_id: bool = False
    """Whether the id has the older form of 20 letters and digits instead of a UUID."""


COMPANIES: Final = (
    Company(
        "Halvorsen Freight",
        "halvorsen-freight.example",
        (
            Contact("Ingrid Halvorsen", "Head of Operations"),
            Contact("Per Dahl", "Data Analyst"),
            Contact("Siri Moe", "IT Manager"),
        ),
        slack="ext-halvorsen-freight",
        tags=("Enterprise",),
        primary=0,
        old_id=True,
    ),
    Company(
        "Meridian Dental Group",
        "meridiandental.example",
        (Contact("Denise Calloway", "Practice Systems Manager"), Contact("Robert Achebe", "Finance Controller")),
        old_id=True,
    ),
    Company(
        "Brightloom Textiles",
        "brightloom.example",
        (
            Contact("Anjali Mehta", "BI Lead"),
            Contact("Karthik Rao", "Data Engineer"),
            Contact("Leela Thomas", "Merchandising Planner"),
        ),
        slack="ext-brightloom",
        tags=("Enterprise",),
        primary=4,
        old_id=True,
    ),
    Company(
        "Kestrel Insurance",
        "kestrel-insurance.example",
        (
            Contact("Graham Pell", "Claims Reporting Lead"),
            Contact("Yvonne Adair", "Information Security Officer"),
            Contact("Tom Brackley", "Platform Engineer"),
        ),
        slack="ext-kestrel",
        tags=("Enterprise",),
        primary=7,
        autoresponder="outside-working-hours",
        old_id=True,
    ),
    Company(
        "Osprey Analytics",
        "osprey-analytics.example",
        (Contact("Dana Whitlock", "Analytics Engineer"), Contact("Marcus Bell", "CTO")),
        slack="ext-osprey",
        triage=False,
        old_id=True,
    ),
    Company(
        "Tallow & Finch",
        "tallowandfinch.example",
        (Contact("Beatrice Finch", "Owner"), Contact("Owen Tallow", "Shop Manager")),
    ),
    Company(
        "Norrvik Energi",
        "norrvik.example",
        (Contact("Elin Sandberg", "Reporting Specialist"), Contact("Mats Öberg", "System Owner")),
        slack="ext-norrvik",
        tags=("Enterprise",),
        primary=5,
    ),
    Company(
        "Sunda Foods",
        "sundafoods.example",
        (Contact("Putri Wulandari", "Supply Chain Analyst"), Contact("Agus Santoso", "ERP Administrator")),
        old_id=True,
    ),
    Company(
        "Albatros Reisen",
        "albatros-reisen.example",
        (Contact("Katrin Vogel", "Controllerin"), Contact("Stefan Lutz", "IT-Leiter")),
        autoresponder="always",
    ),
    Company(
        "Cobalt Ridge Mining",
        "cobaltridge.example",
        (Contact("Wade Hollister", "Site Data Coordinator"), Contact("Renee Tsosie", "Compliance Manager")),
        slack="ext-cobalt-ridge",
        primary=3,
        old_id=True,
    ),
    Company(
        "Lumen Yard",
        "lumenyard.example",
        (Contact("Zoe Park", "Founder"), Contact("Emil Novak", "Growth Engineer")),
        tags=("Trial",),
    ),
    Company(
        "Petrichor Labs",
        "petrichorlabs.example",
        (Contact("Nadia Haddad", "Research Informatics"), Contact("Colin Fraser", "Lab Manager")),
        slack="ext-petrichor-labs",
        old_id=True,
    ),
    Company(
        "Petrichor Logistics",
        "petrichor-logistics.example",
        (Contact("Bianca Moretti", "Dispatch Lead"), Contact("Hugo Stein", "Accounts Payable")),
    ),
    Company(
        "山彦ロボティクス",
        "yamabiko.example",
        (Contact("佐藤 美咲", "情報システム部"), Contact("Kenji Mori", "Integration Engineer")),
        tags=("Enterprise",),
        primary=4,
    ),
    Company(
        "Nahr Payments",
        "nahrpay.example",
        (Contact("ليلى منصور", "مديرة العمليات"), Contact("Omar Haddadin", "Backend Engineer")),
        primary=7,
    ),
    Company(
        "Дніпро Логістик",
        "dniprolog.example",
        (Contact("Оксана Бондар", "аналітик"), Contact("Andriy Koval", "IT")),
        slack="ext-dnipro-logistyk",
        triage=False,
    ),
    Company(
        "Polder Systems",
        "poldersystems.example",
        (Contact("Femke de Vries", "Product Owner"), Contact("Joost Bakker", "DevOps Engineer")),
        slack="ext-polder",
        old_id=True,
    ),
    Company(
        "Casa Verde Hotels",
        "casaverde.example",
        (Contact("Lucía Romero", "Revenue Manager"), Contact("Diego Salas", "Systems Coordinator")),
    ),
    Company(
        "Quill & Ember Publishing",
        "quillember.example",
        (Contact("Harriet Lowe", "Rights Manager"), Contact("Felix Amadi", "Operations Assistant")),
        old_id=True,
    ),
    Company(
        "Ironwood Credit Union",
        "ironwoodcu.example",
        (Contact("Paula Jennings", "VP Member Analytics"), Contact("Derek Sims", "Systems Administrator")),
        slack="ext-ironwood",
        tags=("Enterprise", "At risk"),
        primary=2,
        old_id=True,
    ),
    Company(
        "Fjordlight Media",
        "fjordlight.example",
        (Contact("Astrid Berge", "Head of Insights"), Contact("Noah Lie", "Developer")),
        autoresponder="outside-working-hours",
    ),
    Company(
        "Saltmarsh Brewing",
        "saltmarsh.example",
        (Contact("Rory Penhale", "Brewery Manager"), Contact("Jess Tremayne", "Bookkeeper")),
        tags=("Trial",),
    ),
    Company(
        "Zephyr Transit Authority",
        "zephyrtransit.example",
        (Contact("Monique Dubois", "Data Governance"), Contact("Alan Reyes", "GIS Analyst")),
        slack="ext-zephyr-transit",
        tags=("Enterprise",),
        primary=0,
        old_id=True,
    ),
    Company(
        "Oakhurst University",
        "oakhurst.example",
        (Contact("Prof. Miriam Stone", "Institutional Research"), Contact("Ben Oduya", "Identity Team")),
    ),
    Company(
        "Vela Biotech",
        "velabiotech.example",
        (Contact("Sofia Lindgren", "Data Platform Lead"), Contact("Rahul Desai", "QA Systems")),
        slack="ext-vela",
        tags=("Enterprise",),
        primary=1,
        old_id=True,
    ),
    Company(
        "Tern Shipping",
        "ternshipping.example",
        (Contact("Captain Lars Holm", "Fleet Manager"), Contact("Mina Iversen", "Chartering Desk")),
        tags=("At risk",),
    ),
)


def mail_address(name: str, domain: str, *, fallback: str) -> str:
    """`first.last@domain` in plain ASCII, or `fallback` for names that have no Latin letters."""
    plain = name.lower().translate(_PLAIN).replace("prof. ", "").replace("captain ", "")
    local = ".".join("".join(char for char in word if "a" <= char <= "z") for word in plain.split())
    return f"{local.strip('.') or fallback}@{domain}"


_PLAIN: Final = str.maketrans("ńśąęłóżźöøåüéíñç", "nsaelozzooaueinc")
