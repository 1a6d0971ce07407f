#include "client/plan.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/exchange.h"
#include "client/report.h"

namespace aiges::client {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

LoadPlan sensible() {
  LoadPlan plan;
  plan.target = "127.0.0.1:1";
  plan.count = 1;
  return plan;
}

TEST(LoadPlan, IsRefusedWhenItMakesNoSense) {
  EXPECT_TRUE(check(sensible()).ok());
  const std::vector<std::pair<std::function<void(LoadPlan&)>, std::string_view>> faults{
      {[](LoadPlan& plan) { plan.target.clear(); }, "no target"},
      {[](LoadPlan& plan) { plan.concurrency = 0; }, "at least 1"},
      {[](LoadPlan& plan) { plan.threads = plan.connections + 1; }, "5 threads"},
      {[](LoadPlan& plan) { plan.rate = -1; }, "rate"},
      {[](LoadPlan& plan) { plan.rate = 1e300 * 1e300; }, "rate"},
      {[](LoadPlan& plan) { plan.warmup = nanoseconds(-1); }, "negative"},
      {[](LoadPlan& plan) { plan.count = 0; }, "when to end"},
      {[](LoadPlan& plan) { plan.timeout = nanoseconds(0); }, "timeout"},
      {[](LoadPlan& plan) { plan.stream = true; }, "payload"},
      {[](LoadPlan& plan) { plan.expected = {{"a", {}, "short"}}; }, "32 bytes"},
  };
  for (const auto& [spoil, told] : faults) {
    LoadPlan plan = sensible();
    spoil(plan);
    const Status status = check(plan);
    EXPECT_FALSE(status.ok()) << told;
    EXPECT_NE(status.message().find(told), std::string::npos) << status.message();
  }
}

// An hour later, units are due when they are to be: nothing adds up on the way.
TEST(LoadPlan, ArrivalsDoNotDrift) {
  for (const double rate : {0.5, 3.0, 1000.0, 44100.0, 1e6}) {
    LoadPlan plan = sensible();
    plan.rate = rate;
    EXPECT_EQ(arrival(plan, 0).count(), 0);
    for (const std::int64_t hours : {1, 24}) {
      const auto number = static_cast<std::uint64_t>(rate * 3600 * static_cast<double>(hours));
      const nanoseconds off = arrival(plan, number) - std::chrono::hours(hours);
      EXPECT_LE(std::abs(off.count()), 100) << rate;
    }
    nanoseconds before(-1);
    for (std::uint64_t number = 0; number < 1000; ++number) {
      const nanoseconds due = arrival(plan, number);
      EXPECT_GT(due, before);
      before = due;
    }
  }
}

std::vector<std::string> pieces(const Load& load, std::size_t item) {
  std::vector<std::string> all;
  all.reserve(load.frames.size());
  for (const auto& frame : load.frames)
    all.emplace_back(static_cast<const char*>(frame[item].data), frame[item].size);
  return all;
}

LoadPlan session(std::size_t frames, std::size_t frame_size, std::string bytes) {
  LoadPlan plan = sensible();
  plan.stream = true;
  plan.frames = frames;
  plan.frame_size = frame_size;
  plan.payloads.push_back({"a", std::move(bytes), kTypePersonal, {}});
  return plan;
}

using Strings = std::vector<std::string>;

TEST(Load, CutsPayloadsIntoFrames) {
  EXPECT_EQ(pieces(Load(session(3, 0, "hello world")), 0), (Strings{"hel", "lo w", "orld"}));
  EXPECT_EQ(pieces(Load(session(4, 0, "ab")), 0), (Strings{"", "a", "", "b"}));
  EXPECT_EQ(pieces(Load(session(1, 0, "hello")), 0), (Strings{"hello"}));
  EXPECT_EQ(pieces(Load(session(3, 4, "hello")), 0), (Strings{"hell", "ohel", "lohe"}));
  EXPECT_EQ(pieces(Load(session(2, 4, "")), 0), (Strings{"", ""}));
}

TEST(Load, MarksTheFirstAndTheLastFrame) {
  const auto statuses = [](std::size_t frames) {
    const Load load(session(frames, 0, "hello"));
    std::vector<int> all;
    all.reserve(frames);
    for (const auto& frame : load.frames) all.push_back(frame[0].status);
    return all;
  };
  EXPECT_EQ(statuses(3), (std::vector<int>{0, 1, kStatusEnd}));
  EXPECT_EQ(statuses(2), (std::vector<int>{0, kStatusEnd}));
  EXPECT_EQ(statuses(1), (std::vector<int>{kStatusOnce}));
}

TEST(Load, MakesEveryMessageBeforehand) {
  EXPECT_EQ(Load(session(3, 0, "hello")).messages.size(), 3U);
  LoadPlan once = sensible();
  once.payloads.push_back({"a", "hello", kTypePersonal, {}});
  for (const Protocol protocol : {Protocol::kAiges, Protocol::kXsf}) {
    once.protocol = protocol;
    const Load load(once);
    ASSERT_EQ(load.messages.size(), 1U);
    const std::string& message = load.messages[0];
    ASSERT_GT(message.size(), 5U);
    EXPECT_EQ(message[0], '\0') << "not compressed";
    EXPECT_EQ(static_cast<unsigned char>(message[4]), message.size() - 5);
    EXPECT_NE(message.find("hello"), std::string::npos);
  }
}

TEST(LoadReport, TellsOnlySoManyTextsApart) {
  LoadReport report;
  for (int i = 0; i < 1000; ++i) report.fail({"10110", "session " + std::to_string(i)});
  report.fail({"timeout", "late"}, 5);
  report.fail({"10110", "session 0"});
  EXPECT_EQ(report.failed, 1006U);
  EXPECT_LE(report.failures.size(), 66U);
  EXPECT_EQ(report.failures.at({"10110", "session 0"}), 2U);
  EXPECT_EQ(report.failures.at({"10110", "(further texts)"}), 936U);
  EXPECT_EQ(report.failures.at({"timeout", "(further texts)"}), 5U);
  std::uint64_t total = 0;
  for (const auto& [failure, times] : report.failures) total += times;
  EXPECT_EQ(total, report.failed);
}

}  // namespace
}  // namespace aiges::client
