# ~/.profile: read by your login shell after /etc/profile.
