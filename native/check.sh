#!/bin/sh
# The C tests under the sanitizers, the fuzz targets for a while, and the Python tests of the core on an instrumented build of it.
set -eu
cd "$(dirname "$0")/.."
cc=${CC:-cc}
python=${PYTHON:-python3}
fuzz_python=${FUZZ_PYTHON:-$python} # has atheris, if that can be had
build=build/check
strict="-std=gnu11 -O1 -g -fno-omit-frame-pointer -Wall -Wextra -Werror"
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
rm -rf "$build"
mkdir -p "$build"

# compile OUTPUT SANITIZERS SOURCE...
compile() {
    output=$build/$1
    sanitizers=$2
    shift 2
    # shellcheck disable=SC2086 # words
    "$cc" $strict -fsanitize="$sanitizers" -o "$output" "$@" -lpcap -pthread
}

# compile_shared FOLDER SOURCES COMPILER FLAG...: what many programs are linked with is compiled once, on all processors.
compile_shared() {
    folder=$build/$1
    sources=$2
    shift 2
    mkdir "$folder"
    # shellcheck disable=SC2016,SC2086 # for the inner shell; words
    printf '%s\n' $sources | xargs -P "$(nproc)" -I {} sh -c \
        'source=$1 folder=$2; shift 2; exec "$@" -c -o "$folder/$(basename "$source" .c).o" "$source"' sh {} "$folder" "$@"
}
core=$("$python" -c 'import build_ffi; print(*(f"native/{source}" for source in build_ffi.SOURCES if source not in build_ffi.CHILD_SOURCES))')

# What needs no libslirp. The calls stand in for those of the C library, which a fuzzer needs to find its files.
nat="native/nat_network.c native/nat_dhcp.c native/nat_fragments.c"
nat_calls=native/nat_calls.c

for sanitizers in address,undefined thread; do
    echo "C tests under $sanitizers"
    # shellcheck disable=SC2086 # words
    compile_shared "core-$sanitizers" "$core" "$cc" $strict -fsanitize="$sanitizers"
    # shellcheck disable=SC2086 # words
    compile_shared "nat-$sanitizers" "$nat $nat_calls" "$cc" $strict -fsanitize="$sanitizers"
    for source in native/*_test.c; do
        test=$(basename "$source" .c)
        case $test in
        spawn_test) continue ;; # below
        sandbox_test) with="native/sandbox.c native/syscall_filter.c" ;;
        nat_*) with=$build/nat-$sanitizers/*.o ;;
        *) with=$build/core-$sanitizers/*.o ;;
        esac
        # shellcheck disable=SC2086 # words
        compile "$test" "$sanitizers" "$source" $with
        "$build/$test"
    done
done
compile spawn_test undefined native/spawn_test.c native/spawn.c native/sandbox.c native/syscall_filter.c
"$build/spawn_test"

fuzz_seconds=${FUZZ_SECONDS:-10}
clang=${CLANG:-clang}
fuzzed="-std=gnu11 -O1 -g -Wall -Wextra -Werror -fno-omit-frame-pointer -fno-sanitize-recover=undefined"
# shellcheck disable=SC2086 # words
compile_shared core-fuzzed "$core" "$clang" $fuzzed -fsanitize=fuzzer-no-link,address,undefined
# shellcheck disable=SC2086 # words
compile_shared nat-fuzzed "$nat" "$clang" $fuzzed -fsanitize=fuzzer-no-link,address,undefined
for source in native/fuzz_*.c; do
    target=$(basename "$source" .c)
    echo "$target for $fuzz_seconds s"
    mkdir "$build/$target.corpus"
    printf 'ip and tcp port 80\0%060d' 0 >"$build/$target.corpus/seed"
    [ ! -d "tests/fuzz/$target" ] || cp "tests/fuzz/$target"/* "$build/$target.corpus" # what has failed once
    case $target in
    fuzz_nat_*) with=$build/nat-fuzzed/*.o ;;
    *) with=$build/core-fuzzed/*.o ;;
    esac
    # shellcheck disable=SC2086 # words
    "$clang" $fuzzed -fsanitize=fuzzer,address,undefined -o "$build/$target" "$source" $with -lpcap -pthread
    "$build/$target" -max_total_time="$fuzz_seconds" -max_len=2000 -artifact_prefix="$build/" "$build/$target.corpus" \
        >"$build/$target.log" 2>&1 || { tail -n 40 "$build/$target.log"; exit 1; }
    tail -n 1 "$build/$target.log"
done

if "$fuzz_python" -c 'import atheris' 2>/dev/null; then
    echo "the reader of captures for $fuzz_seconds s"
    mkdir "$build/pcap_reader.corpus"
    "$fuzz_python" -m tests.fuzz.pcap_reader "$build/pcap_reader.corpus" tests/fuzz/captures -max_total_time="$fuzz_seconds" \
        -timeout=10 -max_len=2000 -artifact_prefix="$build/" >"$build/pcap_reader.log" 2>&1 ||
        { tail -n 40 "$build/pcap_reader.log"; exit 1; }
    tail -n 1 "$build/pcap_reader.log"
else
    echo "the reader of captures is not fuzzed: there is no atheris for this Python or this kind of machine"
fi

echo "Python tests of the core under address,undefined"
mkdir "$build/tree"
cp -R gns3trio native tests build_ffi.py setup.py pyproject.toml README.md LICENSE "$build/tree"
rm -f "$build"/tree/gns3trio/*.so "$build/tree/gns3trio/nat-gateway"
root=$(pwd)
(
    cd "$build/tree"
    CC=$cc CFLAGS="-fsanitize=address,undefined -fno-omit-frame-pointer -O1 -g" LDFLAGS="-fsanitize=address,undefined" \
        "$python" setup.py -q build_ext --inplace >"$root/$build/build.log" 2>&1 || { cat "$root/$build/build.log"; exit 1; }
    # Python itself leaks by design at its exit, so leaks are looked for in the C tests only.
    SANITIZER_LIBRARIES="$("$cc" -print-file-name=libasan.so) $("$cc" -print-file-name=libubsan.so)" \
        PYTHONPATH=$PWD/tests/support/sanitized ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc \
        "$python" -m pytest -q -p no:cacheprovider tests/native tests/compute/test_link_ends.py tests/compute/test_cloud.py
)
