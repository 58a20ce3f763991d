"""What other systems export is recognised: one test a file says which column fills what."""

from pathlib import Path

import pytest

from revops.integrations import services
from revops.integrations.models import ImportRun
from revops.users.models import User
from tests.integrations.files import csv_file

FOLDER = Path(__file__).parents[2] / "../shared/data/export_headers"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FOLDER.exists(), reason="../shared/data/export_headers is not here"),
]


def read(kind: str, name: str, actor: User) -> ImportRun:
    """The file as it came; a head without rows gets one."""
    raw = (FOLDER / name).read_bytes()
    if name.endswith("_header.csv"):
        raw = raw.strip() + b"\r\n" + b"x," * raw.count(b",") + b"\r\n"
    return services.create_run(actor=actor, kind=kind, upload=csv_file(raw, name))


def mapped(run: ImportRun) -> dict[str, str]:
    return {run.columns[int(place)]["name"]: key for place, key in run.mapping.items()}


def test_google_contacts(olga: User) -> None:
    run = read("contacts", "google_contacts_header.csv", olga)
    person = {
        "Given Name": "first_name",
        "Family Name": "last_name",
        "Occupation": "title",
        "E-mail 1 - Value": "email",
        "Phone 1 - Value": "phone",
    }
    assert mapped(run) == person
    # A lead has no name in one piece, so "Name" steps back behind the two that say more.
    assert mapped(read("leads", "google_contacts_header.csv", olga)) == person


def test_hubspot_contacts(olga: User) -> None:
    person = {
        "Record ID": "external_id",
        "First Name": "first_name",
        "Last Name": "last_name",
        "Email": "email",
        "Phone Number": "phone",
        "Job Title": "title",
        "Contact owner": "owner",
    }
    run = read("contacts", "hubspot_contacts_export.csv", olga)
    assert mapped(run) == {**person, "Company Name": "account"}
    run = read("leads", "hubspot_contacts_export.csv", olga)
    assert mapped(run) == {**person, "Company Name": "company", "Website URL": "website"}


def test_a_hubspot_contact_as_its_api_answers(olga: User) -> None:
    run = read("contacts", "hubspot_contact_v1_abridged.json", olga)
    assert run.encoding == "json" and run.row_count == 1
    assert mapped(run) == {
        "firstname": "first_name",
        "lastname": "last_name",
        "phone": "phone",
        "hs_object_id": "external_id",
    }
    row = dict(zip([column["name"] for column in run.columns], run.rows.get().raw, strict=True))
    assert (row["firstname"], row["lastname"], row["hs_object_id"]) == ("Test Drew", "Test Davidoff", "5451")


def test_pipedrive(olga: User) -> None:
    name = "pipedrive_sample_import_with_products.csv"
    assert mapped(read("contacts", name, olga)) == {
        "Person - First name": "first_name",
        "Person - Last name": "last_name",
        "Person - Phone": "phone",
        "Person - Email (Work)": "email",
        "Organization - Name*": "account",
    }
    assert mapped(read("accounts", name, olga)) == {"Organization - Name*": "name", "Organization - Address": "street"}
    assert mapped(read("activities", name, olga)) == {
        "Activity - Subject*": "subject",
        "Activity - Due date": "due_at",
        "Organization - Name*": "account",
        "Person - Email (Work)": "contact",
        "Note - Content*": "body",
    }


def test_salesforce_accounts(olga: User) -> None:
    """Left out: TYPE has values of its own, PARENTID and OWNERID are ids where a name is looked for."""
    run = read("accounts", "salesforce_account_export.csv", olga)
    assert mapped(run) == {
        "ID": "external_id",
        "NAME": "name",
        "BILLINGSTREET": "street",
        "BILLINGCITY": "city",
        "BILLINGSTATE": "state",
        "BILLINGPOSTALCODE": "postal_code",
        "BILLINGCOUNTRY": "country",
        "PHONE": "phone",
        "WEBSITE": "website",
        "INDUSTRY": "industry",
        "ANNUALREVENUE": "annual_revenue",
        "NUMBEROFEMPLOYEES": "employees",
    }


def test_a_salesforce_account_as_its_api_answers(olga: User) -> None:
    run = read("accounts", "salesforce_account_rest.json", olga)
    assert mapped(run) == {
        "Id": "external_id",
        "Name": "name",
        "BillingStreet": "street",
        "BillingCity": "city",
        "BillingState": "state",
    }
    row = dict(zip([column["name"] for column in run.columns], run.rows.get().raw, strict=True))
    assert row["BillingStreet"] == "345 Shoreline Park\nMountain View, CA 94043\nUSA"


def test_salesforce_opportunities(olga: User) -> None:
    """Left out: ACCOUNTID and OWNERID are ids where a name is looked for."""
    run = read("opportunities", "salesforce_opportunity_export.csv", olga)
    assert mapped(run) == {
        "ID": "external_id",
        "NAME": "name",
        "STAGENAME": "stage",
        "AMOUNT": "amount",
        "CLOSEDATE": "close_date",
        "LEADSOURCE": "source",
        "CREATEDDATE": "opened_on",
    }


def test_quotation_marks_inside_cells_are_read_as_salesforce_writes_them(olga: User) -> None:
    run = read("accounts", "salesforce_escaped_quotes.csv", olga)
    assert mapped(run) == {}
    assert list(run.rows.values_list("raw", flat=True)) == [
        ['"The Best" Account', "bla"],
        ['The "Best" Account', "bla"],
    ]
