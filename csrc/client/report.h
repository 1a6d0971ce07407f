#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "client/histogram.h"

namespace aiges::client {

// What went wrong, as people count it: "grpc 14 UNAVAILABLE", "10110", "timeout"; and the text.
struct Failure {
  std::string code;
  std::string text;
  auto operator<=>(const Failure&) const = default;
};

// Of one thread's, or of a whole run's measured part.
struct LoadReport {
  double seconds = 0;            // that were measured
  std::uint64_t answered = 0;    // units that ended well, after the warm-up
  std::uint64_t in_time = 0;     // of them, within those seconds: what a rate is made of
  std::uint64_t failed = 0;      // units that did not
  std::uint64_t unsent = 0;      // open loop: due, but not begun when the run ended
  std::uint64_t reconnects = 0;  // connections that were lost and made anew
  std::uint64_t bytes_sent = 0;  // on the wire, in those seconds
  std::uint64_t bytes_received = 0;
  Histogram latency;  // of units that ended well: from when they were due to their end
  Histogram ending;   // sessions: from the last frame to the final result
  Histogram age;      // of results, by their stamps
  std::map<Failure, std::uint64_t> failures;

  void fail(const Failure& failure, std::uint64_t times = 1) {
    failed += times;
    // Texts may name sessions: there is an end to how many are told apart.
    constexpr std::size_t kMaxKinds = 64;
    const bool known = failures.size() < kMaxKinds || failures.contains(failure);
    failures[known ? failure : Failure{failure.code, "(further texts)"}] += times;
  }
  void add(const LoadReport& other) {
    answered += other.answered;
    in_time += other.in_time;
    failed += other.failed;
    unsent += other.unsent;
    reconnects += other.reconnects;
    bytes_sent += other.bytes_sent;
    bytes_received += other.bytes_received;
    latency.add(other.latency);
    ending.add(other.ending);
    age.add(other.age);
    for (const auto& [failure, times] : other.failures) failures[failure] += times;
  }
};

// While a run goes on: totals so far.
struct LoadProgress {
  double elapsed = 0;    // seconds since the first request
  bool warming = false;  // nothing is measured yet
  std::uint64_t answered = 0;
  std::uint64_t failed = 0;
  std::uint64_t under_way = 0;
  std::int64_t p50 = 0;  // ns, of all that was measured
  std::int64_t p99 = 0;
};

}  // namespace aiges::client
