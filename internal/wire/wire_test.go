package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestFrames(t *testing.T) {
	want := []Frame{
		{Kind: KindHello, Payload: []byte("{}")},
		{Kind: KindData, Call: 1<<32 - 1, Stream: 7, Payload: bytes.Repeat([]byte("x"), MaxChunk)},
		{Kind: KindResult, Call: 2, Payload: bytes.Repeat([]byte("y"), MaxControl+1)},
		{Kind: 200, Call: 3, Payload: []byte{}},
	}
	var b []byte
	for _, f := range want {
		var err error
		if b, err = f.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	r := bytes.NewReader(b)
	for _, w := range want {
		got, err := ReadFrame(r)
		if err != nil || !reflect.DeepEqual(got, w) {
			t.Errorf("%s: got %s of call %d with %d bytes, %v", w.Kind, got.Kind, got.Call, len(got.Payload), err)
		}
	}
	if _, err := ReadFrame(r); err != io.EOF {
		t.Errorf("behind the last frame: %v", err)
	}
}

func TestFrameLimits(t *testing.T) {
	for _, k := range []Kind{KindCall, KindData, KindPing, 99} {
		var limit *LimitError
		if _, err := (Frame{Kind: k, Payload: make([]byte, k.Limit()+1)}).Append(nil); !errors.As(err, &limit) {
			t.Errorf("%s can be written: %v", k, err)
		}
		header := append([]byte{byte(k)}, make([]byte, 8)...)
		header = append(header, 0xff, 0xff, 0xff, 0xff)
		if _, err := ReadFrame(bytes.NewReader(header)); !errors.As(err, &limit) {
			t.Errorf("%s can be read: %v", k, err)
		}
	}
}

func TestCutFrames(t *testing.T) {
	for _, size := range []int{0, 5, MaxControl + 5} {
		b, err := Frame{Kind: KindResult, Payload: make([]byte, size)}.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, cut := range []int{1, headerSize - 1, len(b) - 1} {
			if cut >= len(b) {
				continue
			}
			if _, err := ReadFrame(bytes.NewReader(b[:cut])); err != io.ErrUnexpectedEOF {
				t.Errorf("%d bytes of %d: %v", cut, len(b), err)
			}
		}
	}
}

// A frame that announces much and sends little must not cost memory.
func TestReadAllocatesWhatArrives(t *testing.T) {
	header := append([]byte{byte(KindResult)}, make([]byte, 8)...)
	header = append(header, 0x03, 0, 0, 0) // 48 MiB
	cost := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if _, err := ReadFrame(bytes.NewReader(header)); err == nil {
				b.Fatal("no error")
			}
		}
	})
	if cost.AllocedBytesPerOp() > 64<<10 {
		t.Errorf("%d bytes for nothing", cost.AllocedBytesPerOp())
	}
}

func TestGreeting(t *testing.T) {
	hello := string(Greeting{GreetingHello, "1"}.Append(nil))
	for name, test := range map[string]struct {
		text string
		want Greeting
		rest string
		err  string
	}{
		"plain":            {hello + "frames", Greeting{"hello", "1"}, "frames", ""},
		"banner":           {"Welcome to fleet hello!\n\x00\x1e\n" + hello, Greeting{"hello", "1"}, "", ""},
		"half a mark":      {"\x00\x1efle\x00\x1e" + hello, Greeting{"hello", "1"}, "", ""},
		"long banner":      {strings.Repeat("-", 100<<10) + hello, Greeting{"hello", "1"}, "", ""},
		"other word":       {"\x00\x1efleet need Linux x86_64\n", Greeting{"need", "Linux x86_64"}, "", ""},
		"nothing":          {"", Greeting{}, "", "the helper did not greet: EOF"},
		"an error":         {"sh: not found\n", Greeting{}, "", "the helper did not greet: EOF"},
		"endless banner":   {strings.Repeat("-", MaxNoise+2), Greeting{}, "", "more than 256 KiB came before the helper's greeting"},
		"cut":              {hello[:len(hello)-1], Greeting{}, "", "the helper did not greet: EOF"},
		"endless greeting": {greetingMark + strings.Repeat("x", 1<<20), Greeting{}, "", "the helper did not greet: short buffer"},
	} {
		t.Run(name, func(t *testing.T) {
			r := bufio.NewReader(strings.NewReader(test.text))
			got, err := ReadGreeting(r)
			if test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Errorf("got %v", err)
				}
				return
			}
			rest, _ := io.ReadAll(r)
			if err != nil || got != test.want || string(rest) != test.rest {
				t.Errorf("got %+v and %q, %v", got, rest, err)
			}
		})
	}
}

func TestDecodeIsStrict(t *testing.T) {
	for payload, want := range map[string]string{
		`{"files":[[1,2]]}`:     "",
		`{"files":[],"name":2}`: `bad message: json: unknown field "name"`,
		`{"files":[]}{}`:        "bad message: something follows it",
		`{"files":"1"}`:         "bad message: json: cannot unmarshal string into Go struct field Need.files of type []wire.Span",
		``:                      "bad message: EOF",
	} {
		var need Need
		err := Decode([]byte(payload), &need)
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s: got %v", payload, err)
		}
	}
}

func TestFlow(t *testing.T) {
	credit := NewCredit()
	in := NewInbox(func(n int) {
		if err := credit.Add(n); err != nil {
			t.Error(err)
		}
	})
	const size = 5*Window + 3
	go func() {
		in.End(SendStream(t.Context(), io.LimitReader(zeros{}, size), credit, nil, func(p []byte, packed bool) error {
			return in.Put(Frame{Payload: bytes.Clone(p), Packed: packed})
		}))
	}()
	if n, err := io.Copy(io.Discard, in); n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := in.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("behind the end: %d, %v", n, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestFlowIsBounded(t *testing.T) {
	credit := NewCredit()
	if err := credit.Take(t.Context(), Window); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := credit.Take(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without credit: %v", err)
	}
	credit.Stop(io.ErrShortWrite)
	if err := credit.Take(t.Context(), 1); err != io.ErrShortWrite {
		t.Errorf("after the stop: %v", err)
	}
	in := NewInbox(func(int) {})
	if err := in.Put(Frame{Payload: make([]byte, Window)}); err != nil {
		t.Error(err)
	}
	if err := in.Put(Frame{Payload: []byte{1}}); err != ErrWindow {
		t.Errorf("more than the window: %v", err)
	}
}

func FuzzReadFrame(f *testing.F) {
	b, err := Frame{Kind: KindNeed, Call: 1, Stream: 2, Payload: []byte(`{"files":[[0,1]]}`)}.Append(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(append(b, 5, 0, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		for {
			frame, err := ReadFrame(r)
			if err != nil {
				return
			}
			again, err := frame.Append(nil)
			if err != nil {
				t.Fatalf("a frame that was read cannot be written: %v", err)
			}
			if back, err := ReadFrame(bytes.NewReader(again)); err != nil || !reflect.DeepEqual(back, frame) {
				t.Fatalf("%+v became %+v, %v", frame, back, err)
			}
		}
	})
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte(`{"module":"copy","args":{"dest":"/x"},"files":[{"name":"a","size":1}]}`))
	f.Add([]byte(`{"data":{"changed":true}}`))
	f.Add([]byte{0, 0, 1, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, message := range []any{&Call{}, &Result{}, &Hello{}, &Need{}, &End{}} {
			if Decode(data, message) != nil {
				continue
			}
			if _, err := Encode(message); err != nil {
				t.Fatalf("%T was read and cannot be written: %v", message, err)
			}
		}
		if n, err := DecodeCredit(data); err == nil && !bytes.Equal(EncodeCredit(n), data) {
			t.Fatalf("credit %v became %d", data, n)
		}
	})
}

func FuzzGreeting(f *testing.F) {
	f.Add("noise" + string(Greeting{GreetingHello, "1"}.Append(nil)))
	f.Fuzz(func(t *testing.T, text string) {
		g, err := ReadGreeting(bufio.NewReader(strings.NewReader(text)))
		if err == nil && !strings.Contains(text, greetingMark+g.Word) {
			t.Fatalf("%q is not in %q", g.Word, text)
		}
	})
}
