// Package access has the modules that say who may do what on a machine: access
// lists, capabilities, sudo, limits, passwords of web servers, SELinux' and ufw's
// rules. It runs on the target. Files that would lock everybody out are checked
// before they are put in place, where the machine has a program for that.
package access
