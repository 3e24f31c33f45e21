package parquet

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination/warehouse"
)

var update = flag.Bool("update", false, "write duckdb.sql and athena.sql")

// What is shipped for readers has the columns of the layout, and the views of
// views.sql.
func TestShippedSQL(t *testing.T) {
	views, err := os.ReadFile("views.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []dialect{duckdb, athena} {
		want := []byte(d.sql(string(views)))
		if *update {
			if err := os.WriteFile(d.file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(d.file); err != nil || string(got) != string(want) {
			t.Errorf("%s is not what views.sql and the layout make (%v); run go test ./destination/parquet -update", d.file, err)
		}
	}
}

// A dialect is a reader's way to say things.
type dialect struct {
	file, begin string
	files       func(t *warehouse.Table) string // what stands for a table's files
	percentile  string
}

var duckdb = dialect{
	file: "duckdb.sql",
	begin: `-- Tables and views over the files, for DuckDB. LAKE stands for what url says:
--   sed 's|LAKE|/var/lib/parlance/lake|' duckdb.sql | duckdb lake.db
`,
	files: func(t *warehouse.Table) string {
		return fmt.Sprintf("create or replace view %[1]s_files as\nselect * from read_parquet('LAKE/%[1]s/*/*.parquet', hive_partitioning = true, union_by_name = true);\n", t.Name)
	},
	percentile: "quantile_cont",
}

var athena = dialect{
	file: "athena.sql",
	begin: `-- Tables and views over the files, for Athena and Trino. LAKE stands for what
-- url says, such as s3://BUCKET/PREFIX, and 2020-01-01 for the first day there
-- may be. Athena takes one statement at a time.
`,
	files: func(t *warehouse.Table) string {
		kinds := map[warehouse.Kind]string{warehouse.Text: "string", warehouse.Integer: "bigint", warehouse.Time: "timestamp", warehouse.JSON: "string"}
		var columns []string
		for _, c := range t.Columns {
			columns = append(columns, fmt.Sprintf("`%s` %s", c.Name, kinds[c.Kind]))
		}
		return fmt.Sprintf("create external table if not exists %[1]s_files (\n\t%[2]s\n)\npartitioned by (`date` date)\nstored as parquet\nlocation 'LAKE/%[1]s/'\n"+
			"tblproperties ('projection.enabled' = 'true', 'projection.date.type' = 'date', 'projection.date.format' = 'yyyy-MM-dd', 'projection.date.range' = '2020-01-01,NOW+2DAYS');\n",
			t.Name, strings.Join(columns, ",\n\t"))
	},
	percentile: "approx_percentile",
}

// sql writes all that a reader needs.
func (d dialect) sql(views string) string {
	var b strings.Builder
	b.WriteString(d.begin + "\n-- The rows as they are in the files; date is the day of timestamp, and a row that\n-- was replayed is there again.\n")
	all := tables(warehouse.New())
	for _, t := range all {
		b.WriteString(d.files(t))
	}
	b.WriteString("\n-- Each row once.\n")
	for _, t := range all {
		b.WriteString(once(t))
	}
	b.WriteString("\n-- One row for each user: of each trait what was said last.\n" + users())
	b.WriteString("\n" + strings.ReplaceAll(views, "approx_percentile", d.percentile))
	return b.String()
}

// once is a view that takes the newest of rows with the same id.
func once(t *warehouse.Table) string {
	var columns []string
	for _, c := range t.Columns {
		columns = append(columns, `"`+c.Name+`"`)
	}
	return fmt.Sprintf("create or replace view %[1]s as\nselect %[2]s, \"date\"\nfrom (select *, row_number() over (partition by id order by received_at desc) as copy from %[1]s_files) copies\nwhere copy = 1;\n",
		t.Name, strings.Join(columns, ", "))
}

func users() string {
	var columns []string
	for _, c := range append(warehouse.TraitColumns[:len(warehouse.TraitColumns):len(warehouse.TraitColumns)], "traits") {
		columns = append(columns, fmt.Sprintf("max_by(%[1]s, \"timestamp\") filter (where %[1]s is not null) as %[1]s", c))
	}
	return "create or replace view users as\nselect user_id as id, max(received_at) as received_at, max(\"timestamp\") as \"timestamp\",\n\t" +
		strings.Join(columns, ",\n\t") + "\nfrom identifies\nwhere user_id is not null\ngroup by user_id;\n"
}
