package mysql

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

// dumpArgs are the arguments of the states dump and import.
type dumpArgs struct {
	// dump, import: the file. With .gz, .bz2, .xz or .zst at its end it is compressed,
	// by that program on the target.
	Target string `arg:"target" type:"path"`
	// dump: in one transaction, so that the tables fit together.
	SingleTransaction bool `arg:"single_transaction"`
	// dump: row by row, which is what large tables need.
	Quick bool `arg:"quick" default:"true"`
	// dump: tables that are left out, as shop.sessions.
	IgnoreTables []string `arg:"ignore_tables"`
	// dump: binary columns in hexadecimal digits.
	HexBlob bool `arg:"hex_blob"`
	// dump, import: goes on after an error in the SQL.
	ForceSQL bool `arg:"force"`
	// dump: the position in the binary log: 1 as a statement, 2 as a comment.
	MasterData int `arg:"master_data" choices:"0,1,2" default:"0"`
	// dump: locks no tables.
	SkipLockTables bool `arg:"skip_lock_tables"`
	// dump: further arguments for the program, parted by spaces.
	DumpExtraArgs string `arg:"dump_extra_args"`
	// dump: reads no other file of options than the one of config_file.
	RestrictConfigFile bool `arg:"restrict_config_file"`
}

// packers are the programs for the endings of files.
var packers = [][2]string{{".gz", "gzip"}, {".bz2", "bzip2"}, {".xz", "xz"}, {".zst", "zstd"}}

func packer(file string) string {
	for _, p := range packers {
		if strings.HasSuffix(file, p[0]) {
			return p[1]
		}
	}
	return ""
}

// dump writes the databases into the target.
func (t *dbTask) dump(ctx context.Context, all bool) error {
	target, err := t.m.Expand(t.args.Target)
	if err != nil {
		return err
	}
	return t.m.Change(ctx, sys.Change{What: "dump " + t.result.DB + " into " + target, Do: func(ctx context.Context) error {
		program, err := t.program("mariadb-dump", "mysqldump")
		if err != nil {
			return err
		}
		return t.scratch(filepath.Dir(target), func(folder string) error {
			argv, err := t.login(folder, program)
			if err != nil {
				return err
			}
			plain := filepath.Join(folder, "dump")
			argv = append(argv, t.dumpOptions(all)...)
			argv = append(argv, "--result-file="+t.m.Path(plain))
			switch {
			case all:
			case len(t.args.Name) > 1:
				argv = append(append(argv, "--databases"), t.args.Name...)
			default:
				argv = append(argv, t.args.Name[0])
			}
			if err := t.run(ctx, argv...); err != nil {
				return err
			}
			if p := packer(target); p != "" {
				if err := t.run(ctx, p, t.m.Path(plain)); err != nil {
					return err
				}
				plain += filepath.Ext(target)
			}
			return os.Rename(t.m.Path(plain), t.m.Path(target))
		})
	}})
}

func (t *dbTask) dumpOptions(all bool) []string {
	a := t.args
	var out []string
	for _, o := range []struct {
		on   bool
		text string
	}{
		{all, "--all-databases"}, {a.ForceSQL, "--force"}, {a.Quick, "--quick"}, {a.SingleTransaction, "--single-transaction=true"}, {a.SkipLockTables, "--skip-lock-tables"},
		{a.HexBlob, "--hex-blob"}, {a.Encoding != "", "--default-character-set=" + a.Encoding}, {a.MasterData > 0, "--master-data=" + strconv.Itoa(a.MasterData)},
	} {
		if o.on {
			out = append(out, o.text)
		}
	}
	for _, table := range a.IgnoreTables {
		out = append(out, "--ignore-table="+table)
	}
	return append(out, strings.Fields(a.DumpExtraArgs)...)
}

// load reads the target into the database.
func (t *dbTask) load(ctx context.Context, all bool) error {
	target, err := t.m.Expand(t.args.Target)
	if err != nil {
		return err
	}
	if _, err := os.Stat(t.m.Path(target)); err != nil && !t.m.Check {
		return fmt.Errorf("argument \"target\": %w", err)
	}
	return t.m.Change(ctx, sys.Change{What: "import " + target + " into " + t.result.DB, Do: func(ctx context.Context) error {
		program, err := t.program("mariadb", "mysql")
		if err != nil {
			return err
		}
		return t.scratch(filepath.Dir(target), func(folder string) error {
			argv, err := t.login(folder, program)
			if err != nil {
				return err
			}
			file := target
			if p := packer(target); p != "" {
				link := filepath.Join(folder, "dump"+filepath.Ext(target))
				if err := os.Symlink(t.m.Path(target), t.m.Path(link)); err != nil {
					return err
				}
				if err := t.run(ctx, p, "-d", "-k", "-f", t.m.Path(link)); err != nil {
					return err
				}
				file = filepath.Join(folder, "dump")
			}
			if t.args.ForceSQL {
				argv = append(argv, "--force")
			}
			if t.args.Encoding != "" {
				argv = append(argv, "--default-character-set="+t.args.Encoding)
			}
			if !all {
				argv = append(argv, "--one-database", t.args.Name[0])
			}
			return t.run(ctx, append(argv, "--execute=source "+t.m.Path(file))...)
		})
	}})
}

// program returns the first of these that the target has.
func (t *dbTask) program(names ...string) (string, error) {
	for _, n := range names {
		if t.m.Has(n) {
			return n, nil
		}
	}
	return "", fmt.Errorf("state %s needs the program %s on the target\nhint: install mariadb-client or mysql-client first", t.args.State, strings.Join(names, " or "))
}

// scratch gives do a folder that nobody else can look into.
func (t *dbTask) scratch(beside string, do func(folder string) error) error {
	real, err := os.MkdirTemp(t.m.Path(beside), ".fleet-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(real)
	return do(filepath.Join(beside, filepath.Base(real)))
}

// login returns the start of a command that logs in as we did. The password stands
// in a file of the folder.
func (t *dbTask) login(folder, program string) ([]string, error) {
	l, err := t.args.login(t.m, "")
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(l.password+l.user, "\n\r") {
		return nil, errors.New("a login with a line break in it cannot be passed on")
	}
	var b strings.Builder
	option := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s=\"%s\"\n", name, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value))
		}
	}
	b.WriteString("[client]\n")
	option("user", l.user)
	option("password", l.password)
	network, address := t.RemoteAddr().Network(), t.RemoteAddr().String()
	if network == "unix" {
		option("socket", address)
	} else {
		host, port, err := net.SplitHostPort(l.address)
		if err != nil {
			return nil, err
		}
		option("host", host)
		option("port", port)
		option("protocol", "tcp")
	}
	option("ssl-ca", t.args.CACert)
	option("ssl-cert", t.args.ClientCert)
	option("ssl-key", t.args.ClientKey)
	file := filepath.Join(folder, "login")
	if err := os.WriteFile(t.m.Path(file), []byte(b.String()), 0o600); err != nil {
		return nil, err
	}
	kind := "--defaults-extra-file="
	if t.args.RestrictConfigFile {
		kind = "--defaults-file="
	}
	return []string{program, kind + t.m.Path(file)}, nil
}

func (t *dbTask) run(ctx context.Context, argv ...string) error {
	out, err := t.m.Must(ctx, argv...)
	t.result.Msg += out.Stdout
	t.result.ExecutedCommands = append(t.result.ExecutedCommands, strings.Join(argv, " "))
	return err
}
