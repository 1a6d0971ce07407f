// What the C++ core costs without Python: one exec with one parameter and one item through
// EngineHost, the output dropped at once, against the same calls made bare.
//
//   core_bench ENGINE.so     for each payload size: nanoseconds per call, best and median of rounds
//
// bench/README.md says how to build it.

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "abi/c_engine.h"
#include "aiges/wrapper.h"
#include "engine/engine_host.h"
#include "engine/runtime.h"

namespace {

using Nanoseconds = std::chrono::duration<double, std::nano>;
constexpr int kRounds = 9;
constexpr Nanoseconds kTurn{50e6};

// Calls per turn are found by doubling; then the rounds.
struct Figures {
  double best = 0;
  double median = 0;
};

template <class Call>
double turn(std::size_t calls, Call&& call) {
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < calls; ++i) call();
  return Nanoseconds(std::chrono::steady_clock::now() - start).count();
}

template <class First, class Second>
std::pair<Figures, Figures> interleaved(First&& first, Second&& second) {
  const auto calls_for = [](auto& call) {
    std::size_t calls = 1;
    while (turn(calls, call) < kTurn.count() / 2) calls *= 2;
    return calls;
  };
  const std::size_t first_calls = calls_for(first);
  const std::size_t second_calls = calls_for(second);
  std::vector<double> a;
  std::vector<double> b;
  for (int round = 0; round < kRounds; ++round) {
    a.push_back(turn(first_calls, first) / static_cast<double>(first_calls));
    b.push_back(turn(second_calls, second) / static_cast<double>(second_calls));
  }
  std::ranges::sort(a);
  std::ranges::sort(b);
  return {{a.front(), a[kRounds / 2]}, {b.front(), b[kRounds / 2]}};
}

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "core_bench: %s\n", what.c_str());
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) fail("usage: core_bench ENGINE.so");
  void* library = ::dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) fail(::dlerror());
  const auto bare_exec = reinterpret_cast<wrapperExecPtr>(::dlsym(library, "wrapperExec"));
  const auto bare_free = reinterpret_cast<wrapperExecFreePtr>(::dlsym(library, "wrapperExecFree"));
  if (!bare_exec || !bare_free) fail("the engine has no wrapperExec");

  auto engine = aiges::CEngine::load(argv[1], 0);
  if (!engine.ok()) fail(engine.status().message());
  aiges::Runtime runtime;
  auto host = std::make_shared<aiges::EngineHost>(runtime, std::move(engine.value()),
                                                  aiges::EngineHost::Options{.name = "bench"});
  if (aiges::Status status = host->start({}); !status.ok()) fail(status.message());

  std::printf("%10s %24s %24s\n", "bytes", "bare, ns (median)", "EngineHost, ns (median)");
  for (std::size_t size : {64UL, 1UL << 10, 16UL << 10, 256UL << 10, 1UL << 20, 16UL << 20}) {
    std::vector<char> payload(size, 'x');
    std::size_t seen = 0;
    const auto bare = [&] {
      char key[] = "k";
      char value[] = "v";
      char name[] = "data";
      ParamList no_desc{};
      ParamList param{key, value, 1, nullptr};
      DataList item{name,     payload.data(), static_cast<unsigned>(size), DataPer, DataOnce,
                    &no_desc, nullptr};
      pDataList answer = nullptr;
      if (bare_exec("bench", &param, &item, &answer, nullptr, 0) != 0) fail("wrapperExec failed");
      seen += answer->len;
      bare_free("bench", &answer);
    };
    const auto hosted = [&] {
      const aiges::Pair param{"k", "v"};
      aiges::DataItem item;
      item.key = "data";
      item.data = payload.data();
      item.size = size;
      aiges::Request request;
      request.params = {&param, 1};
      request.data = {&item, 1};
      auto result = host->exec(request, {});
      if (!result.ok()) fail(result.status().message());
      seen += result.value()->items()[0].size;
    };
    const auto [floor, core] = interleaved(bare, hosted);
    std::printf("%10zu %14.1f (%9.1f) %14.1f (%9.1f)\n", size, floor.best, floor.median, core.best,
                core.median);
    if (seen == 0) fail("no answer had any bytes");
  }
  if (aiges::Status status = host->close({}); !status.ok()) fail(status.message());
  return 0;
}
