"""Files that are wrong in every way that people's files are wrong: each is answered with field and row."""

import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile

from accounts.models import Account
from leads.models import Lead
from opportunities.models import Opportunity
from opportunities.setup import ensure_pipeline
from revops.core.errors import InvalidInput
from revops.integrations import reading, services, values
from revops.integrations.models import ImportRow, ImportRun
from revops.users.models import User
from tests.integrations.files import checked, imported, refused, uploaded

pytestmark = pytest.mark.django_db
HEAD = "Last name,Company,E-mail\n"


def why(text: str | bytes, actor: User, kind: str = "leads") -> str:
    """The refusal of a whole file; nothing of it is left."""
    with pytest.raises(InvalidInput) as caught:
        uploaded(kind, text, actor)
    assert not ImportRun.objects.exists() and not ImportRow.objects.exists()
    assert caught.value.errors[0].pointer == "file"
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + 'Lee,"Acme,lee@x.example\nEk,Base,\n', "a quotation mark is opened and never closed"),
        (HEAD + 'Lee,"Ac"me,lee@x.example\n', "a quotation mark is closed in the middle of a cell"),
        (HEAD + "Lee," + "x" * 140_000 + ",a@b.example\n", "a cell has more than 131,072 characters"),
        ("", "This file is empty."),
        ("\n\n\n", "This file holds no rows."),
        (HEAD, "This file has a head but no rows."),
        (",".join(f"c{n}" for n in range(400)) + "\n1\n", "Row 1 has 400 columns; an import takes up to 300."),
        (b"%PDF-1.7\x00\x01\x02\x03\x04\x05" * 50, "This is no text file."),
    ],
)
def test_a_malformed_file_is_refused_as_a_whole_and_says_where(text: Any, said: str, olga: User) -> None:
    message = why(text, olga)
    assert said in message
    if "quotation" in said or "131,072" in said:
        assert "Row 2" in message


def test_too_many_rows_are_refused(olga: User, monkeypatch: Any) -> None:
    monkeypatch.setattr("revops.integrations.staging.MAX_ROWS", 5)
    assert "more than 5 rows" in why(HEAD + "Lee,Acme,\n" * 6, olga)


def test_a_hundred_megabytes_of_nonsense_are_refused_without_reading_them(olga: User, client: Any) -> None:
    class Nonsense(TemporaryUploadedFile):
        def chunks(self, chunk_size: int | None = None) -> Any:
            raise AssertionError("nobody needs to read this")

        read = chunks  # type: ignore[assignment]

    size = 100 * 1024 * 1024
    with pytest.raises(InvalidInput, match="100 MB; an import takes up to 50 MB"):
        services.create_run(actor=olga, kind="leads", upload=Nonsense("big.csv", "text/csv", size, None))
    noise = random.Random(7).randbytes(2 * 1024 * 1024)
    assert "no text file" in why(noise, olga)
    client.force_login(olga)
    answer = client.post("/imports/new/", {"kind": "leads", "file": SimpleUploadedFile("noise.csv", noise)})
    assert answer.status_code == 422 and "no text file" in answer.content.decode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "cp1252", "latin-1"])
def test_names_survive_every_usual_encoding(encoding: str, olga: User) -> None:
    text = HEAD + "Sjögren,Vasa Hissar & Söner,ulla@vasa.example\nBrändström,Åkeri,b@a.example\n"
    data = b"\xff\xfe" + text.encode("utf-16-le") if encoding == "utf-16-le-bom" else text.encode(encoding)
    imported("leads", data, olga)
    assert Lead.objects.filter(last_name="Sjögren", company="Vasa Hissar & Söner").exists()


def test_the_wrong_encoding_can_be_put_right(olga: User) -> None:
    data = (HEAD + "Novák,Škoda,n@s.example\n").encode("cp1250")
    run = uploaded("leads", data, olga)
    run = services.map_run(run=run, version=run.version, actor=olga, mapping=run.mapping, encoding="cp1250")
    run = services.check_run(run=run, version=run.version, actor=olga)
    assert run.rows.get().raw[:2] == ["Novák", "Škoda"]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_every_separator_is_found(mark: str, olga: User) -> None:
    text = (HEAD + "Lee,Acme,lee@x.example\n").replace(",", mark)
    assert imported("leads", text, olga).delimiter == mark
    assert Lead.objects.get().company == "Acme"


def test_a_row_with_missing_or_spare_cells_or_a_nul_is_refused_alone(olga: User) -> None:
    run = imported("leads", HEAD + "Lee,Acme\nEk,Base,e@b.example,more\nA\x00b,Corp,\nOk,Fine,\nTail,Ends,,,\n", olga)
    errors = refused(run)
    assert errors[2][0]["message"] == "This row has 2 cells, the head has 3."
    assert errors[3][0]["message"] == "This row has 4 cells, the head has 3."
    assert errors[4][0]["message"] == "Column 1 holds a NUL character, which cannot be stored."
    assert set(Lead.objects.values_list("last_name", flat=True)) == {"Ok", "Tail"}


def test_over_long_names_are_refused_and_emoji_names_kept(olga: User) -> None:
    run = imported("accounts", f"Account\n{'x' * 201}\n🚚 Möbel 株式会社 👩‍👩‍👧\n", olga)
    assert refused(run)[2][0]["field"] == "name"
    assert "200" in refused(run)[2][0]["message"]
    assert Account.objects.get().name == "🚚 Möbel 株式会社 👩‍👩‍👧"


def test_formulas_come_in_as_text_and_go_out_harmless(olga: User, client: Any) -> None:
    text = 'Account,Employees\n"=HYPERLINK(""http://x"")",1\n+cmd|calc,2\n@SUM(A1),many\n-1+2,4\n'
    run = imported("accounts", text, olga)
    assert Account.objects.filter(name__startswith="=HYPER").exists()
    client.force_login(olga)
    listed = b"".join(client.get("/accounts/?export=csv").streaming_content).decode()
    back = b"".join(client.get(f"/imports/{run.pk}/errors.csv").streaming_content).decode()
    cells = [cell.strip('"') for line in (listed + back).splitlines() for cell in line.split(",")]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@")]
    assert "'@SUM(A1)" in back


def test_unknown_currency_negative_and_huge_amounts_name_field_and_row(olga: User) -> None:
    text = (
        "Account,Annual revenue,Currency,Employees\nA,1000,XXX,1\nB,-5,USD,1\nC,99999999999999999,USD,1\n"
        "D,12,EUR,99999999999\nE,1e400,USD,1\nF,NaN,USD,1\nG,12.5,USD,1.5\nFine,12.50,EUR,7\n"
    )
    run = imported("accounts", text, olga)
    errors = {number: (rows[0]["field"], rows[0]["message"]) for number, rows in refused(run).items()}
    assert errors[2] == ("currency", "There is no such currency.")
    assert errors[3] == ("annual_revenue", "This cannot be less than 0.")
    assert errors[4] == ("annual_revenue", "This number is too large.")
    assert errors[5][0] == "employees"
    assert errors[6] == ("annual_revenue", "This is no number.")
    assert errors[7] == ("annual_revenue", "This is no number.")
    assert errors[8] == ("employees", "This needs a whole number.")
    assert list(Account.objects.values_list("name", flat=True)) == ["Fine"]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("2017-11-17", ""),
        ("17/11/2017", "dmy"),
        ("11/17/2017", "mdy"),
        ("17.11.2017", ""),
        ("17 Nov 2017", ""),
        ("17 November 2017", ""),
        ("2017-11-17T08:15:00", ""),
        ("17/11/17", "dmy"),
    ],
)
def test_a_date_is_read_in_five_forms(text: str, order: str) -> None:
    assert values.read_date(text, order) == date(2017, 11, 17)


@pytest.mark.parametrize(
    "text", ["2017-02-30", "17 Foo 2017", "yesterday", "17112017", "0/0/2017", "99/99/9999", "", "∞"]
)
def test_what_is_no_date_says_so(text: str) -> None:
    with pytest.raises(values.Refused):
        values.read_date(text, "dmy")


def deals(*days: str, head: str = "Opportunity,Stage,Created date") -> str:
    return f"{head}\n" + "".join(f"Deal {n},Engage,{day}\n" for n, day in enumerate(days))


def test_the_order_of_day_and_month_is_told_by_the_file_or_asked(olga: User) -> None:
    ensure_pipeline()
    imported("opportunities", deals("03/04/2017", "17/04/2017"), olga)
    assert set(Opportunity.objects.values_list("opened_on", flat=True)) == {date(2017, 4, 3), date(2017, 4, 17)}
    with pytest.raises(InvalidInput, match="can be read two ways") as caught:
        checked("opportunities", deals("03/04/2018", "05/06/2018", head="Deal name,Stage,Created date"), olga)
    assert caught.value.errors[0].pointer == "date_order"
    run = checked("opportunities", deals("03/04/2018", "17/06/2018", "06/17/2018"), olga, date_order="mdy")
    assert refused(run)[3][0]["message"] == "This is no date when the month comes first."


@pytest.mark.parametrize(
    ("text", "sign", "value"),
    [
        ("1,234.50", ".", "1234.50"),
        ("1.234,50", ",", "1234.50"),
        ("1 234,50 €", ",", "1234.50"),
        ("$1,234,567", ".", "1234567"),
        ("USD 12.5", ".", "12.5"),
        ("1'234.50", ".", "1234.50"),
        ("-3", ".", "-3"),
    ],
)
def test_numbers_are_read_with_either_decimal_sign(text: str, sign: str, value: str) -> None:
    assert values.read_number(text, sign) == Decimal(value)


def test_the_decimal_sign_is_told_by_the_file_or_asked(olga: User) -> None:
    imported("accounts", "Account;Annual revenue\nA;1.234,50\nB;1.234\n", olga)
    assert list(Account.objects.order_by("name").values_list("annual_revenue", flat=True)) == [
        Decimal("1234.50"),
        Decimal(1234),
    ]
    with pytest.raises(InvalidInput, match="which sign is decimal"):
        checked("accounts", "Company;Annual revenue\nC;1.234\n", olga)
    checked("accounts", "Company;Annual revenue\nC;1.234\n", olga, decimal_sign=".")


def test_a_closed_deal_needs_its_day_and_a_won_one_its_account(olga: User) -> None:
    ensure_pipeline()
    text = (
        "Opportunity,Stage,Account,Created date,Close date,Amount\nA,Won,,2017-01-01,2017-02-01,5\n"
        "B,Lost,,2017-01-01,,0\nC,Lost,,2017-03-01,2017-02-01,0\nD,Nonsense,,2017-01-01,,0\nE,Won,Nobody,,2017-02-01,5\n"
        "F,Lost,,2017-01-01,2999-01-01,0\nG,Lost,,2017-01-01,2017-02-01,-1\n"
    )
    errors = {number: rows[0]["field"] for number, rows in refused(imported("opportunities", text, olga)).items()}
    assert errors == {
        2: "account", 3: "close_date", 4: "close_date", 5: "stage", 6: "account", 7: "close_date", 8: "amount",
    }  # fmt: skip
    assert not Opportunity.objects.exists()


def test_the_same_record_twice_in_one_file_is_refused_the_second_time(olga: User) -> None:
    run = imported("leads", "Id,Last name,Company\n7,Lee,Acme\n7,Lee,Acme\n", olga)
    assert refused(run) == {3: [{"field": "external_id", "value": "7", "message": "Row 2 is the same one."}]}


def test_heads_without_names_and_twice_the_same_are_told_apart(olga: User) -> None:
    run = uploaded("leads", "Last name,Company,,Company\nLee,Acme,x,y\n", olga)
    assert [column["name"] for column in run.columns] == ["Last name", "Company", "Column 3", "Company (4)"]


def test_limits_are_what_the_page_says() -> None:
    assert (reading.MAX_BYTES, reading.MAX_ROWS) == (50 * 1024 * 1024, 200_000)
