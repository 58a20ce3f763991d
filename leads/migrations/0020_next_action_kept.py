from django.db import migrations

# Leads are locked before they are counted anew: what another transaction planned meanwhile is then seen.
KEEP = """
    CREATE FUNCTION leads_keep_next_action(touched bigint[]) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM leads_lead WHERE id = ANY (touched) ORDER BY id FOR NO KEY UPDATE;
        UPDATE leads_lead l SET next_due_at = n.due_at
        FROM (
            SELECT t.id, (
                SELECT min(a.due_at) FROM leads_leadactivity k JOIN accounts_activity a ON a.id = k.activity_id
                WHERE k.lead_id = t.id AND a.status = 'planned'
            ) AS due_at
            FROM unnest(touched) AS t (id)
        ) n
        WHERE l.id = n.id AND l.next_due_at IS DISTINCT FROM n.due_at;
    END $$;
"""
# A statement each, not a row: a set-based write of many asks once. What is not planned concerns no lead.
LINKED = """
    CREATE FUNCTION leads_link_next_action() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        touched bigint[];
    BEGIN
        IF TG_OP = 'INSERT' THEN
            SELECT array_agg(DISTINCT k.lead_id) INTO touched FROM new_rows k
            JOIN accounts_activity a ON a.id = k.activity_id WHERE a.status = 'planned';
        ELSIF TG_OP = 'UPDATE' THEN
            SELECT array_agg(DISTINCT k.lead_id) INTO touched
            FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) k
            JOIN accounts_activity a ON a.id = k.activity_id WHERE a.status = 'planned';
        ELSE
            SELECT array_agg(DISTINCT k.lead_id) INTO touched FROM old_rows k
            JOIN leads_lead l ON l.id = k.lead_id WHERE l.next_due_at IS NOT NULL;
        END IF;
        IF touched IS NOT NULL THEN
            PERFORM leads_keep_next_action(touched);
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER leads_next_action_linked AFTER INSERT ON leads_leadactivity
        REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_link_next_action();
    CREATE TRIGGER leads_next_action_moved AFTER UPDATE ON leads_leadactivity
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION leads_link_next_action();
    CREATE TRIGGER leads_next_action_unlinked AFTER DELETE ON leads_leadactivity
        REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_link_next_action();
"""
CHANGED = """
    CREATE FUNCTION leads_activity_next_action() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        touched bigint[];
    BEGIN
        SELECT array_agg(DISTINCT k.lead_id) INTO touched
        FROM old_rows o JOIN new_rows n ON n.id = o.id JOIN leads_leadactivity k ON k.activity_id = n.id
        WHERE 'planned' IN (o.status, n.status) AND (o.status, o.due_at) IS DISTINCT FROM (n.status, n.due_at);
        IF touched IS NOT NULL THEN
            PERFORM leads_keep_next_action(touched);
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER leads_next_action_changed AFTER UPDATE ON accounts_activity
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION leads_activity_next_action();
"""
FILL = """
    UPDATE leads_lead l SET next_due_at = n.due_at
    FROM (
        SELECT k.lead_id, min(a.due_at) AS due_at FROM leads_leadactivity k
        JOIN accounts_activity a ON a.id = k.activity_id WHERE a.status = 'planned' GROUP BY 1
    ) n
    WHERE l.id = n.lead_id;
"""
UNDO = """
    DROP TRIGGER leads_next_action_changed ON accounts_activity;
    DROP TRIGGER leads_next_action_unlinked ON leads_leadactivity;
    DROP TRIGGER leads_next_action_moved ON leads_leadactivity;
    DROP TRIGGER leads_next_action_linked ON leads_leadactivity;
    DROP FUNCTION leads_activity_next_action();
    DROP FUNCTION leads_link_next_action();
    DROP FUNCTION leads_keep_next_action(bigint[]);
"""


class Migration(migrations.Migration):
    """The time of a lead's next action follows its planned activities, whoever writes them."""

    dependencies = [("leads", "0019_next_action")]

    operations = [
        migrations.RunSQL(KEEP + LINKED + CHANGED, UNDO),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
