package vault

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// Made by ansible-vault 2.14.
const fromAnsible = `$ANSIBLE_VAULT;1.1;AES256
36376534663537306531643437376461326565656465313761313434343863366336356435666437
3334363065363831353365356531643630636536316639320a656531633933336565626163306664
39623633666336306463353630643465343737633636303665363338363039353338366431393161
3566646464646165360a653966616165653065333735663938313131663035393038633439303234
35356165383364396261666364373630383065343664393631383830626138306534
`

func TestDecryptsWhatAnsibleEncrypted(t *testing.T) {
	got, err := Decrypt(fromAnsible, []byte("pass word"))
	if err != nil || string(got) != "a secret\nof two lines" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := Decrypt(fromAnsible, []byte("other")); !errors.Is(err, ErrPassword) {
		t.Errorf("with another password: %v", err)
	}
	changed := strings.Replace(fromAnsible, "6", "7", 1)
	if _, err := Decrypt(changed, []byte("pass word")); err == nil {
		t.Error("a changed vault was accepted")
	}
}

func TestRoundTrip(t *testing.T) {
	for _, plain := range []string{"", "x", "exactly 16 bytes", strings.Repeat("long ", 1000), "\x00\xff"} {
		for _, id := range []string{"", "prod"} {
			v, err := Encrypt([]byte(plain), []byte("p"), nil, id)
			if err != nil || !IsVault(v) || strings.Contains(v, ";1.2;AES256;prod\n") != (id != "") {
				t.Fatalf("%q, %v", v, err)
			}
			got, err := Decrypt(v, []byte("p"))
			if err != nil || !bytes.Equal(got, []byte(plain)) {
				t.Errorf("%q came back as %q, %v", plain, got, err)
			}
		}
	}
}

func FuzzDecrypt(f *testing.F) {
	f.Add(fromAnsible)
	f.Add("$ANSIBLE_VAULT;1.1;AES256\n\n")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := Decrypt(s, []byte("p")); err == nil {
			t.Errorf("%q: decrypted with a password nobody knows", s)
		}
	})
}
