#!/bin/sh
# usage: symbols_test.sh FILE...
# Fails if an object in one of the archives among the files needs a symbol that neither another of these
# objects has nor the list below. The list has no system call, no clock, no lock, no file and no stream.
# If what only decides needs one more, look at what that does, and add it here. Protobuf is here for the saved state,
# whose messages are filled and read in memory; what describes them is made at the first use, which is why there is a once.
set -eu
export LC_ALL=C

# Names as c++filt prints them, without inline namespaces. An entry is a regular expression for the
# beginning of a name.
cat >"$TEST_TMPDIR/allowed" <<'EOF'
absl::(AlphaNum|Cord|Status|StatusOr|string_view)\b
absl::(cord_internal|internal_statusor|numbers_internal|status_internal|strings_internal)::
absl::base_internal::ThrowStd
absl::(AsciiStrToUpper|FormatDuration|SimpleAtoi|Str(Append|Cat|Join|Split))\b
absl::[A-Z][A-Za-z]*Error\(
absl::Is[A-Z][A-Za-z]*\(absl::Status const&\)

google::protobuf::
descriptor_table_google_2fprotobuf_
std::__once_call|__once_proxy$|pthread_once$

std::(__cxx11::)?basic_string<char
std::_Rb_tree_(decrement|increment|insert_and_rebalance|rebalance_for_erase)\(
std::(__throw_|terminate\()
std::allocator<char>::
std::(exception|bad_[a-z_]+)::
std::ios_base::Init::

operator (new|delete)
(typeinfo|vtable|VTT) for
(__cxa_|_Unwind_|__gxx_personality)
(__dso_handle|_GLOBAL_OFFSET_TABLE_|__assert_fail|__stack_chk_fail)$
(mem(chr|cmp|cpy|move|set)|bcmp|strlen|__mem(cpy|move|set)_chk)$
(sigabbrev_np|__libc_current_sigrt(min|max))$

__(asan|gcov|lsan|sancov|sanitizer|tsan|ubsan)_
__(start|stop)___sancov_
EOF
sed -i -e '/^$/d' -e 's/.*/^[^ ]+ +[A-Za-z] (&)/' "$TEST_TMPDIR/allowed"

archives=
for file in "$@"; do
    case $file in
        *.pic.a) [ -e "${file%.pic.a}.a" ] || archives="$archives $file" ;;
        *.a) archives="$archives $file" ;;
    esac
done
[ -n "$archives" ] || { echo "no archive was looked at"; exit 1; }
for archive in $archives; do
    # Objects without machine code (LTO) would pass unseen.
    nm --defined-only "$archive" | grep -q ' [A-Za-z] ' || { echo "nm sees nothing in $archive"; exit 1; }
done
# shellcheck disable=SC2086  # no path of Bazel's has a blank
nm -A --defined-only $archives >"$TEST_TMPDIR/defined"
# shellcheck disable=SC2086
nm -A --undefined-only $archives >"$TEST_TMPDIR/undefined"

awk 'FNR == NR { defined[$NF]; next } !($NF in defined)' "$TEST_TMPDIR/defined" "$TEST_TMPDIR/undefined" \
    >"$TEST_TMPDIR/foreign"
c++filt <"$TEST_TMPDIR/foreign" >"$TEST_TMPDIR/readable"
sed -i -E -e 's,^[^ ]*/,,' -e 's/\babsl::(debian[0-9]+|lts_[0-9]+)::/absl::/g' "$TEST_TMPDIR/readable"
grep -v -E -f "$TEST_TMPDIR/allowed" "$TEST_TMPDIR/readable" >"$TEST_TMPDIR/others" || [ $? -eq 1 ]
if [ -s "$TEST_TMPDIR/others" ]; then
    echo "what only decides must not need"
    cat "$TEST_TMPDIR/others"
    exit 1
fi
