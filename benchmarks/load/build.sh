#!/usr/bin/env bash
# Builds the load of benchmarks/serving.py into build/load, and sees to what it and the benchmark need: Debian's
# libgrpc++-dev, protobuf-compiler, protobuf-compiler-grpc, pkg-config and nghttp2-client (h2load), and g++ and make.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing() {
	command -v g++ >/dev/null || echo g++
	command -v pkg-config >/dev/null || echo pkg-config
	pkg-config --exists grpc++ protobuf 2>/dev/null || echo libgrpc++-dev
	command -v protoc >/dev/null || echo protobuf-compiler
	command -v grpc_cpp_plugin >/dev/null || echo protobuf-compiler-grpc
	command -v h2load >/dev/null || echo nghttp2-client
}

packages=$(missing | tr '\n' ' ')
if [ -n "$packages" ] && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
	# shellcheck disable=SC2086
	apt-get update -q && apt-get install -y -q $packages || true
	packages=$(missing | tr '\n' ' ')
fi
if [ -n "$packages" ]; then
	echo "bench-tools: missing and not installed (as root: apt-get install $packages)" >&2
	exit 1
fi

out=build/load
mkdir -p "$out"
protoc -Iproto --cpp_out="$out" --grpc_out="$out" --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" \
	pathcast/v1/forecast.proto
flags="-std=c++17 -O2 -I$out -Ibenchmarks/load $(pkg-config --cflags grpc++ protobuf)"
for source in "$out"/pathcast/v1/forecast.pb.cc "$out"/pathcast/v1/forecast.grpc.pb.cc benchmarks/load/stream.cc \
	benchmarks/load/stream_load.cc; do
	# shellcheck disable=SC2086
	g++ $flags -c "$source" -o "$out/$(basename "${source%.cc}").o"
done
# shellcheck disable=SC2046
g++ "$out"/*.o -o "$out/stream_load" $(pkg-config --libs grpc++ protobuf)
