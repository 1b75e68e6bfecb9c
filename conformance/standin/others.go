package standin

// inventory is ansible-inventory.
func inventory(args []string) error {
	return call(append([]string{"inventory"}, args...)...)
}

// vault is ansible-vault: the verbs are the same.
func vault(args []string) error { return call(append([]string{"vault"}, args...)...) }
