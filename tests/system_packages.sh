#!/bin/sh
# The suite talks to a real Mosquitto, a real PostgreSQL and a real Chromium: install them where that can be done
# without asking, else say what to do.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

missing=
command -v mosquitto >/dev/null || missing=mosquitto
{ command -v mosquitto_pub && command -v mosquitto_sub; } >/dev/null || missing="$missing mosquitto-clients"
command -v openssl >/dev/null || missing="$missing openssl"
{ command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 || missing="$missing postgresql"
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
    missing="$missing chromium"
command -v systemd-analyze >/dev/null || missing="$missing systemd"
missing=${missing# }
[ -n "$missing" ] || exit 0

give_up() {
    echo "The tests need the system packages mosquitto, mosquitto-clients, openssl, postgresql, chromium and systemd: install $missing." >&2
    exit 1
}

command -v apt-get >/dev/null || give_up
if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    give_up
fi

echo "Installing $missing ..."
apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086  # words on purpose
if ! { $apt update && $apt install --no-install-recommends --yes $missing; } >"$log" 2>&1; then
    cat "$log" >&2
    give_up
fi
# The packages start a broker and a database of their own. Nobody asked for those: the tests start theirs.
for service in mosquitto postgresql; do
    case " $missing " in
        *" $service "*)
            if [ -d /run/systemd/system ]; then
                $as_root systemctl disable --now --quiet "$service" || true
            fi
            ;;
    esac
done
