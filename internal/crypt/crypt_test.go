package crypt

import "testing"

// The hashes are OpenSSL's.
func TestMatch(t *testing.T) {
	for hash, password := range map[string]string{
		"$apr1$abcdefgh$1tbvZt3PQE5Gxh1tXXSfl1":                                                              "se cret",
		"$1$abcdefgh$DVuLYHjDhfNuwQY5aLev/1":                                                                 "se cret",
		"$5$abcdefgh$R.O4v3YfCsHKLE1odnRJ9V3X46Hup06XNkuWBVbgro3":                                            "se cret",
		"$6$abcdefgh$xipHhw9/NU1ASPvh9yHqieZTU/wnHyMSOZS8m4xkh3DunUWS9aWU6YyGCVH6.orJUrRcjNuTwSSMmBOVdkdOl0": "se cret",
		"$apr1$zz$nPtiSiJFVwLFJnkJT3POQ.":                                                                    "x",
		"$5$rounds=2000$abc$Pda5nzQ9OIZJcLjsfin2eg7hYiak/dTUQdF05CKg0vC":                                     "hello",
		"{SHA}qvTGHdzF6KLavt4PO0gs2a6pQ00=":                                                                  "hello",
	} {
		if match, known := Match(hash, password); !match || !known {
			t.Errorf("%s: %v %v", hash, match, known)
		}
		if match, known := Match(hash, password+"x"); match || !known {
			t.Errorf("%s takes another password: %v %v", hash, match, known)
		}
	}
}

func TestMatchKnowsWhatItDoesNotKnow(t *testing.T) {
	for _, hash := range []string{"", "x", "$", "$$$", "$6$", "$2y$05$abc", "$y$j9T$a$b", "$5$rounds=1$abc$x", "$5$rounds=999999999$abc$x", "$6$rounds=5000$"} {
		if match, known := Match(hash, ""); match || known {
			t.Errorf("%q: %v %v", hash, match, known)
		}
	}
}
