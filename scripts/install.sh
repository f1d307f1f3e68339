#!/bin/sh
# Installs one relayfile executable: picks the archive for this machine, verifies its SHA-256, puts it into one
# directory. Asks for no privileges and changes no shell files. Everything is in functions and runs on the last line, so
# that a download that was cut off does nothing.
set -eu

# Filled in when a release is built; a directory or a URL that holds the archives and SHA256SUMS.
releases="${RELAYFILE_RELEASES:-@RELEASES@}"

usage() {
  cat <<'TEXT'
Usage: install.sh [--from DIR|URL] [--dir DIR] [--dry-run]

  --from DIR|URL  where the archives and SHA256SUMS are (also RELAYFILE_RELEASES)
  --dir DIR       where the executable goes; default ~/.local/bin
  --dry-run       say what would be done
TEXT
}

fail() {
  printf 'install.sh: %s\n' "$1" >&2
  exit "${2:-1}"
}

platform() {
  case "$(uname -s)" in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "there is no archive for $(uname -s); on Windows take the .zip of the release" ;;
  esac
  case "$(uname -m)" in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "there is no archive for a $(uname -m) processor" ;;
  esac
  libc=
  if [ "$os" = linux ] && ! ls /lib*/ld-linux-*.so.* /lib/*/ld-linux-*.so.* >/dev/null 2>&1 &&
    ls /lib/ld-musl-*.so.1 >/dev/null 2>&1; then
    libc=_musl
  fi
  printf '%s_%s%s' "$os" "$arch" "$libc"
}

# fetch NAME FILE: copies one file of the release, from a directory or over HTTPS.
fetch() {
  case "$releases" in
    http://* | https://*)
      if command -v curl >/dev/null 2>&1; then
        curl -fsSL --retry 3 -o "$2" "$releases/$1" || fail "cannot download $releases/$1"
      elif command -v wget >/dev/null 2>&1; then
        wget -q -O "$2" "$releases/$1" || fail "cannot download $releases/$1"
      else
        fail "neither curl nor wget is here"
      fi
      ;;
    *) cp "$releases/$1" "$2" || fail "cannot read $releases/$1" ;;
  esac
}

sha256() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  else
    openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
  fi
}

main() {
  dir="${HOME:-}/.local/bin"
  dry=no
  while [ $# -gt 0 ]; do
    case "$1" in
      --from | --dir)
        [ $# -gt 1 ] || fail "$1 needs a value" 2
        if [ "$1" = --from ]; then releases=$2; else dir=$2; fi
        shift 2
        ;;
      --dry-run) dry=yes && shift ;;
      -h | --help) usage && exit 0 ;;
      *) usage >&2 && fail "unknown option $1" 2 ;;
    esac
  done
  case "$releases" in
    @*) fail "no release is named; give --from DIR or --from URL" 2 ;;
  esac
  case "$dir" in
    /.local/bin) fail "HOME is not set; give --dir DIR" 2 ;;
  esac

  target=$(platform)
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM
  fetch SHA256SUMS "$scratch/SHA256SUMS"
  line=$(grep "  relayfile_[^_]*_$target\.tar\.gz\$" "$scratch/SHA256SUMS") || fail "the release has no archive for $target"
  wanted=${line%%  *}
  archive=${line##*  }
  if [ "$dry" = yes ]; then
    printf 'would install %s from %s to %s/relayfile\n' "$archive" "$releases" "$dir"
    exit 0
  fi

  fetch "$archive" "$scratch/$archive"
  found=$(sha256 "$scratch/$archive")
  [ "$found" = "$wanted" ] || fail "$archive has SHA-256 $found, SHA256SUMS says $wanted; nothing was installed"
  mkdir "$scratch/unpacked"
  gzip -dc "$scratch/$archive" | (cd "$scratch/unpacked" && tar -xf -) || fail "$archive cannot be unpacked"
  "$scratch/unpacked/relayfile" --version >/dev/null || fail "the executable does not start on this machine"
  mkdir -p "$dir" || fail "cannot create $dir"
  # A copy beside the target and a rename: a running relayfile keeps its file, and nobody sees half of one.
  if ! { cp "$scratch/unpacked/relayfile" "$dir/.relayfile.new" && chmod 755 "$dir/.relayfile.new" &&
    mv -f "$dir/.relayfile.new" "$dir/relayfile"; }; then
    fail "cannot write $dir/relayfile"
  fi

  printf 'installed %s\n' "$("$dir/relayfile" --version)"
  printf '  to          %s/relayfile\n' "$dir"
  printf '  sha256      %s ok\n' "$found"
  printf '  uninstall   rm %s/relayfile\n' "$dir"
  printf 'no shell files were changed\n'
  case ":${PATH:-}:" in
    *":$dir:"*) ;;
    *) printf 'add it to your PATH: export PATH="%s:%s"\n' "$dir" "\$PATH" ;;
  esac
}

main "$@"
