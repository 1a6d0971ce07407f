#include "engine/event_log.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace aiges {
namespace {

using Kind = EngineContext::Event;

TEST(EventLog, MetersAreSummedWithoutAListener) {
  EventLog log;
  log.record(Kind::kMeter, "tag", "a", nullptr, 3, false);
  log.record(Kind::kMeter, "tag", "a", nullptr, -1, false);
  log.record(Kind::kMeter, "other", "b", nullptr, 5, false);
  EXPECT_EQ(log.totals(), (std::map<std::string, std::int64_t>{{"a", 2}, {"b", 5}}));
  EXPECT_FALSE(log.pending());
  EXPECT_TRUE(log.take().empty());
}

TEST(EventLog, OnlyWantedKindsAreKept) {
  EventLog log;
  log.listen(Kind::kTrace, nullptr);
  log.record(Kind::kMetrics, "t", "k", "v", 0, false);
  log.record(Kind::kMeter, "t", "k", nullptr, 1, false);
  EXPECT_FALSE(log.pending());
  log.record(Kind::kTrace, "t", "k", "v", 0, false);
  EXPECT_TRUE(log.pending());
  const std::vector<EventLog::Event> events = log.take();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, Kind::kTrace);
  EXPECT_EQ(events[0].tag, "t");
  EXPECT_EQ(events[0].key, "k");
  EXPECT_EQ(events[0].value, "v");
  EXPECT_FALSE(log.pending());
  EXPECT_TRUE(log.take().empty());
}

TEST(EventLog, ListeningToOneKindKeepsTheOthers) {
  EventLog log;
  log.listen(Kind::kMeter, nullptr);
  log.listen(Kind::kMetrics, nullptr);
  log.record(Kind::kMeter, "t", "k", nullptr, 7, false);
  log.record(Kind::kMetrics, "t", "k", "v", 0, false);
  const std::vector<EventLog::Event> events = log.take();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].kind, Kind::kMeter);
  EXPECT_EQ(events[0].count, 7);
  EXPECT_EQ(events[1].kind, Kind::kMetrics);
}

TEST(EventLog, NullTextsReadAsEmpty) {
  EventLog log;
  log.listen(Kind::kTrace, nullptr);
  log.record(Kind::kTrace, nullptr, nullptr, nullptr, 0, false);
  const std::vector<EventLog::Event> events = log.take();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].tag + events[0].key + events[0].value, "");
}

TEST(EventLog, TextsAreCopied) {
  EventLog log;
  log.listen(Kind::kMetrics, nullptr);
  std::string value = "before";
  log.record(Kind::kMetrics, "t", "k", value.c_str(), 0, false);
  value = "after!";
  EXPECT_EQ(log.take()[0].value, "before");
}

TEST(EventLog, TellsOnceUntilTheEventsAreTaken) {
  EventLog log;
  int told = 0;
  log.record(Kind::kTrace, "t", "k", "v", 0, false);
  log.listen(Kind::kTrace, [&] { ++told; });
  EXPECT_EQ(told, 0);
  log.record(Kind::kTrace, "t", "k", "v", 0, false);
  EXPECT_EQ(told, 1);
  log.record(Kind::kTrace, "t", "k", "v", 0, false);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(log.take().size(), 2U);
  log.record(Kind::kTrace, "t", "k", "v", 0, false);
  EXPECT_EQ(told, 2);
}

TEST(EventLog, TellsNobodyOfWhatIsCollectedSoon) {
  EventLog log;
  int told = 0;
  log.listen(Kind::kTrace, [&] { ++told; });
  log.record(Kind::kTrace, "t", "k", "v", 0, true);
  EXPECT_EQ(told, 0);
  EXPECT_TRUE(log.pending());
  log.record(Kind::kTrace, "t", "k", "v", 0, false);
  EXPECT_EQ(told, 1);
}

TEST(EventLog, MayBeReadByTheOneItTells) {
  EventLog log;
  std::size_t taken = 0;
  log.listen(Kind::kTrace, [&] { taken += log.take().size(); });  // not under the log's lock
  log.record(Kind::kTrace, "t", "k", "v", 0, false);
  log.record(Kind::kTrace, "t", "k", "v", 0, false);
  EXPECT_EQ(taken, 2U);
}

TEST(EventLog, OldestGoWhenNobodyCollects) {
  constexpr int kMost = 100'000;
  EventLog log;
  log.listen(Kind::kMeter, nullptr);
  for (int i = 0; i < kMost + 3; ++i) log.record(Kind::kMeter, "t", "k", nullptr, i, false);
  const std::vector<EventLog::Event> events = log.take();
  ASSERT_EQ(events.size(), std::size_t{kMost});
  EXPECT_EQ(events.front().count, 3);
  EXPECT_EQ(events.back().count, kMost + 2);
}

TEST(EventLog, ManyThreadsLoseNothing) {
  EventLog log;
  log.listen(Kind::kMeter, nullptr);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) log.record(Kind::kMeter, "t", "k", nullptr, 1, false);
    });
  }
  std::size_t taken = 0;
  while (taken < 2000) taken += log.take().size();
  for (std::thread& thread : threads) thread.join();
  taken += log.take().size();
  EXPECT_EQ(taken, 4000U);
  EXPECT_EQ(log.totals()["k"], 4000);
}

}  // namespace
}  // namespace aiges
