package wire

import (
	"bytes"
	"compress/gzip"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func noise(n int) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(p)
	return p
}

func TestPack(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	for _, b := range noise(100_000) {
		w.Write([]byte{'a' + b%26})
	}
	w.Close()
	for name, test := range map[string]struct {
		data []byte
		ok   bool
	}{
		"text":       {bytes.Repeat([]byte("and so it goes, "), 4096), true},
		"zeros":      {make([]byte, MaxChunk), true},
		"one byte":   {[]byte{1}, false},
		"few bytes":  {[]byte("a short line of text"), false},
		"nothing":    {nil, false},
		"noise":      {noise(MaxChunk), false},
		"few noise":  {noise(300), false},
		"compressed": {zipped.Bytes()[:30_000], false},
		"half noise": {append(noise(MaxChunk/2), make([]byte, MaxChunk/2)...), true},
	} {
		t.Run(name, func(t *testing.T) {
			var k Packer
			var u unpacker
			for range 2 { // the second time with what was used before
				packed, ok := k.Pack(test.data)
				if ok != test.ok {
					t.Fatalf("%d bytes of %d, %v", len(packed), len(test.data), ok)
				}
				if !ok {
					return
				}
				got, err := u.unpack(packed, MaxChunk)
				if err != nil || !bytes.Equal(got, test.data) {
					t.Errorf("%d bytes of %d, %v", len(got), len(test.data), err)
				}
				if _, err := u.unpack(packed, len(test.data)-1); err == nil {
					t.Error("more than the limit comes out")
				}
			}
		})
	}
}

// What does not shrink costs no packing.
func TestNoiseIsLeftAlone(t *testing.T) {
	var k Packer
	k.Pack(noise(MaxChunk))
	if k.w != nil {
		t.Error("it was compressed to see that")
	}
}

// Large calls and results travel packed, and nobody notices.
func TestLargeMessagesArePacked(t *testing.T) {
	for _, kind := range []Kind{KindCall, KindResult} {
		f := Frame{Kind: kind, Call: 7, Payload: bytes.Repeat([]byte(`{"name":"a"},`), 10_000)}
		b, err := f.Append(nil)
		if err != nil || len(b) > len(f.Payload)/20 {
			t.Errorf("%s: %d bytes of %d, %v", kind, len(b), len(f.Payload), err)
		}
		got, err := ReadFrame(bytes.NewReader(b))
		if err != nil || got.Packed || got.Call != 7 || !bytes.Equal(got.Payload, f.Payload) {
			t.Errorf("%s: %d bytes, %v", kind, len(got.Payload), err)
		}
	}
}

// packedFrame is a frame with a packed payload that says it has size bytes.
func packedFrame(kind Kind, size uint32, deflated []byte) []byte {
	payload := append([]byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}, deflated...)
	n := len(payload)
	b := append([]byte{byte(kind)}, make([]byte, 8)...)
	return append(append(b, 0x80, byte(n>>16), byte(n>>8), byte(n)), payload...)
}

func TestPackedMessagesAreStrict(t *testing.T) {
	var k Packer
	packed, _ := k.Pack(make([]byte, 50_000))
	good := bytes.Clone(packed[packHead:])
	for name, test := range map[string]struct {
		frame []byte
		want  string
	}{
		"too large":       {packedFrame(KindResult, MaxMessage+1, good), "are more than"},
		"shorter inside":  {packedFrame(KindResult, 50_001, good), "has not the 50001 bytes"},
		"longer inside":   {packedFrame(KindResult, 49_999, good), "has not the 49999 bytes"},
		"something after": {packedFrame(KindResult, 50_000, append(bytes.Clone(good), 1)), "has not the 50000 bytes"},
		"cut":             {packedFrame(KindResult, 50_000, good[:len(good)-3]), "cannot be unpacked"},
		"nonsense":        {packedFrame(KindResult, 50_000, []byte{255, 255, 255}), "cannot be unpacked"},
		"a need":          {packedFrame(KindNeed, 10, good), "a need message is never packed"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ReadFrame(bytes.NewReader(test.frame)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A message that announces much and has little must not cost memory.
func TestUnpackAllocatesWhatComesOut(t *testing.T) {
	frame := packedFrame(KindResult, MaxMessage, []byte{3, 0})
	cost := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if _, err := ReadFrame(bytes.NewReader(frame)); err == nil {
				b.Fatal("no error")
			}
		}
	})
	if cost.AllocedBytesPerOp() > 256<<10 {
		t.Errorf("%d bytes for nothing", cost.AllocedBytesPerOp())
	}
}

// Packing stops where the link takes the bytes faster than they are packed, is
// tried again less and less often, and comes back when the link gets slow.
func TestGauge(t *testing.T) {
	var g gauge
	packed := func(pieces int, waiting time.Duration) (n int) {
		for range pieces {
			if g.pack() {
				n++
				g.add(time.Millisecond, waiting)
			} else {
				g.add(0, waiting)
			}
		}
		return n
	}
	if n := packed(1000, time.Millisecond); n != 1000 {
		t.Errorf("on a slow link %d of 1000 pieces are packed", n)
	}
	if n := packed(10_000, time.Microsecond); n < gaugePieces || n > 1000 {
		t.Errorf("on a fast link %d of 10000 pieces are packed", n)
	}
	packed(2*maxRest, time.Millisecond)
	if n := packed(1000, time.Millisecond); n != 1000 {
		t.Errorf("when it is slow again %d of 1000 pieces are packed", n)
	}
}

func TestNeed(t *testing.T) {
	files := []File{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}, {Name: "e"}}
	need := Need{Spans([]int{0, 2, 3})}
	if len(need.Files) != 2 {
		t.Errorf("%v", need.Files)
	}
	got, err := need.Choose(files)
	if err != nil || len(got) != 3 || got[0].Name != "a" || got[1].Name != "c" || got[2].Name != "d" {
		t.Errorf("%v, %v", got, err)
	}
	var odd []int
	for i := range 300_000 {
		odd = append(odd, 2*i+1)
	}
	payload, err := Encode(Need{Spans(odd)})
	if err != nil || len(payload) > MaxNeed {
		t.Errorf("every second of 600000 files: %d bytes, %v", len(payload), err)
	}
	for _, spans := range [][]Span{{{5, 1}}, {{0, 6}}, {{-1, 2}}, {{2, 0}}, {{2, 1}, {1, 1}}, {{2, 1}, {2, 1}}, {{1, int(^uint(0) >> 1)}}} {
		if got, err := (Need{spans}).Choose(files); err == nil {
			t.Errorf("%v: %v", spans, got)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	var k Packer
	packed, _ := k.Pack(bytes.Repeat([]byte("fuzz "), 1000))
	f.Add(bytes.Clone(packed))
	f.Add([]byte{0, 0, 0, 1, 3, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var u unpacker
		for range 2 {
			out, err := u.unpack(data, 1<<16)
			if err == nil && len(out) > 1<<16 {
				t.Fatalf("%d bytes came out", len(out))
			}
		}
	})
}

func BenchmarkSendStream(b *testing.B) {
	for name, data := range map[string][]byte{"noise": noise(4 << 20), "text": bytes.Repeat([]byte("a line of a log, number 4711\n"), 4<<20/29)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				c := NewCredit()
				err := SendStream(b.Context(), bytes.NewReader(data), c, nil, func(p []byte, _ bool) error { return c.Add(min(MaxChunk, len(data))) })
				if err != nil && err != ErrWindow {
					b.Fatal(err)
				}
			}
		})
	}
}
