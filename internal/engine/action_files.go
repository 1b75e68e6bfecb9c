package engine

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/source"
	"fleet/internal/wire"
)

// at gives an error the place of an argument.
func (a *attempt) at(arg string, err error) error {
	n := a.task.Action.Get(arg)
	if !n.Exists() {
		return source.Errorf(a.task.ModulePos, "%w", err).WithHint("%s", source.HintOf(err))
	}
	return source.Errorf(n.Pos(), "%w", err).WithHint("%s", source.HintOf(err))
}

// inline is a payload of one file whose bytes are in memory.
func inline(name string, data []byte) *payload {
	digest := sha256.Sum256(data)
	return &payload{
		memory: len(data),
		files:  []wire.File{{Name: name, Size: int64(len(data)), SHA256: hex.EncodeToString(digest[:]), Mode: 0o644}},
		open:   func(wire.File) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}
}

// offer is a payload of a file, or of all that is in a folder. Names start with
// the folder's own unless only its content is meant. With follow, symbolic links
// stand for what they point to, as far as addTree can follow them. stock says whether vaults are decrypted.
func (e *Engine) offer(root string, contentOnly, follow bool, stock *digests) (*payload, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, err
	}
	l := &listing{follow: follow}
	if !info.IsDir() {
		err = l.add(filepath.Base(root), root, info)
	} else {
		prefix := filepath.Base(root)
		if contentOnly {
			prefix = ""
		}
		err = l.addTree(root, prefix, []fs.FileInfo{info})
	}
	if err != nil {
		return nil, err
	}
	paths := map[string]string{}
	err = stock.all(l.regular, func(r regular, sum string, size int64) {
		f := &l.files[r.at]
		f.SHA256, f.Size = sum, size
		paths[f.Name] = r.path
	})
	return &payload{files: l.files, open: openLocal(paths, stock.open)}, err
}

// stock returns what knows the files that a task takes: decrypted, unless it says
// decrypt: no.
func (a *attempt) stock(args *jinja.Map) *digests {
	if v, given := args.Get("decrypt"); given {
		if yes, known := asBool(v); known && !yes {
			return &a.engine.sealed
		}
	}
	return &a.engine.digests
}

// listing is what is to be offered. The digests of the regular files come last.
type listing struct {
	follow  bool
	files   []wire.File
	regular []regular
}

// addTree lists what is in a folder. in are the folders that it lies in, itself
// the last, on the way from the root. A link to one of them has no end, and one to
// nothing has no bytes: they stay links, with follow too.
func (l *listing) addTree(dir, prefix string, in []fs.FileInfo) error {
	if prefix != "" {
		l.files = append(l.files, wire.File{Name: prefix + "/", Mode: uint32(in[len(in)-1].Mode().Perm())})
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	// The files of a folder come before its folders, as with Ansible: of several that
	// cannot be read the first is named.
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(folderRank(a), folderRank(b)) })
	for _, e := range entries {
		full, name := filepath.Join(dir, e.Name()), path.Join(prefix, e.Name())
		info, err := os.Stat(full)
		if e.Type()&fs.ModeSymlink != 0 && (!l.follow || err != nil || among(in, info)) {
			err = l.addLink(name, full)
		} else if err == nil && info.IsDir() {
			err = l.addTree(full, name, append(in[:len(in):len(in)], info))
		} else if err == nil {
			err = l.add(name, full, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func folderRank(e fs.DirEntry) int {
	if e.IsDir() {
		return 1
	}
	return 0
}

// among reports whether one of the folders is info's.
func among(folders []fs.FileInfo, info fs.FileInfo) bool {
	return slices.ContainsFunc(folders, func(f fs.FileInfo) bool { return os.SameFile(f, info) })
}

func (l *listing) addLink(name, full string) error {
	to, err := os.Readlink(full)
	l.files = append(l.files, wire.File{Name: name, Link: to})
	return err
}

// add lists one file. What is sent later has to have the digest that it has now.
func (l *listing) add(name, full string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", full)
	}
	l.regular = append(l.regular, regular{path: full, info: info, at: len(l.files)})
	l.files = append(l.files, wire.File{Name: name, Mode: uint32(info.Mode().Perm())})
	return nil
}

// runScript offers a script of the controller to the target's module script.
func runScript(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	return a.offering(ctx, "script", "cmd", scriptPath(args.GetString("cmd")), args)
}

// scriptPath returns the first word of a script's command line, which may stand in
// quotes.
func scriptPath(cmd string) string {
	cmd = strings.TrimSpace(cmd)
	if cmd != "" && (cmd[0] == '"' || cmd[0] == '\'') {
		if path, _, closed := strings.Cut(cmd[1:], cmd[:1]); closed {
			return path
		}
	}
	name, _, _ := strings.Cut(cmd, " ")
	return strings.Trim(name, `"'`)
}

// runURI offers the body's file, where there is one, to the target's module uri.
func runURI(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	src := args.GetString("src")
	if src == "" || isTrue(args, "remote_src") {
		return a.module(ctx, "uri", args, nil)
	}
	return a.offering(ctx, "uri", "src", src, args)
}

// runAssemble offers a folder of pieces to the target's module assemble, where
// they do not lie on the target already.
func runAssemble(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	if !args.Has("remote_src") || isTrue(args, "remote_src") {
		return a.module(ctx, "assemble", args, nil)
	}
	return a.offering(ctx, "assemble", "src", args.GetString("src"), args)
}

// offering runs a module that may ask for a file, or for what is in a folder, of
// the controller.
func (a *attempt) offering(ctx context.Context, module, arg, name string, args *jinja.Map) (*taskResult, error) {
	found, err := a.searchFor(a.task).Find("files", name)
	if err != nil {
		return nil, a.at(arg, err)
	}
	with, err := a.engine.offer(found, true, true, a.stock(args))
	if err != nil {
		return nil, a.at(arg, err)
	}
	return a.module(ctx, module, args, with)
}
