package engine

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"os"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// runCopy offers the source to the target's module copy.
func runCopy(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	if res := copyNeeds(args); res != nil {
		return res, nil
	}
	if isTrue(args, "remote_src") {
		return a.module(ctx, "copy", args, nil)
	}
	if content, given := args.Get("content"); given && content != nil {
		data, err := contentBytes(content)
		if err != nil {
			return nil, err
		}
		args.Delete("content")
		if res, err := checkSum(args, bytes.NewReader(data)); res != nil || err != nil {
			return res, err
		}
		return a.module(ctx, "copy", args, inline("content", data))
	}
	src := args.GetString("src")
	if src == "" {
		return nil, source.Errorf(a.task.ModulePos, "copy: src (or content) is required")
	}
	found, err := a.searchFor(a.task).Find("files", src)
	if err != nil {
		return nil, a.at("src", err)
	}
	follow := !args.Has("local_follow") || isTrue(args, "local_follow")
	with, err := a.engine.offer(found, strings.HasSuffix(src, "/"), follow, a.stock(args))
	if err != nil {
		return nil, a.at("src", err)
	}
	if res, err := checkFileSum(args, found, a.stock(args).open); res != nil || err != nil {
		return res, err
	}
	return a.module(ctx, "copy", args, with)
}

// copyNeeds returns the result of a copy that lacks something, or nil.
func copyNeeds(args *jinja.Map) *taskResult {
	content, given := args.Get("content")
	given = given && content != nil
	switch src := args.GetString("src"); {
	case src == "" && !given:
		return failf("src (or content) is required")
	case args.GetString("dest") == "":
		return failf("dest is required")
	case src != "" && given:
		return failf("src and content are mutually exclusive")
	case given && strings.HasSuffix(args.GetString("dest"), "/"):
		return failf("can not use content with a dir as dest")
	}
	return nil
}

// contentBytes returns what `content` stands for: text as it is, lists and
// mappings as JSON.
func contentBytes(v any) ([]byte, error) {
	switch v := v.(type) {
	case *jinja.Map, []any:
		expr, err := jinja.ParseExpr("content | to_json", source.Pos{})
		if err != nil {
			return nil, err
		}
		text, err := expr.Value(jinja.NewContext(context.Background(), nil, jinja.Vars{"content": v}))
		return []byte(jinja.Str(text)), err
	case string:
		return []byte(v), nil
	}
	return []byte(jinja.Str(v)), nil
}

// checkSum holds what is copied against the SHA-1 digest that the argument
// checksum wants, here where the bytes are: the target would have them sent twice
// for it. The result is that of a failure, or nil.
func checkSum(args *jinja.Map, r io.Reader) (*taskResult, error) {
	want := args.GetString("checksum")
	if want == "" {
		return nil, nil
	}
	h := sha1.New()
	if _, err := io.Copy(h, r); err != nil {
		return nil, err
	}
	if got := hex.EncodeToString(h.Sum(nil)); !strings.EqualFold(got, want) {
		return failf("the source has the SHA-1 digest %s, not %s as argument %q wants", got, want, "checksum"), nil
	}
	args.Delete("checksum")
	return nil, nil
}

// checkFileSum is checkSum for a file. A folder has no digest.
func checkFileSum(args *jinja.Map, path string, open opener) (*taskResult, error) {
	if args.GetString("checksum") == "" {
		return nil, nil
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return nil, err
	}
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return checkSum(args, f)
}
