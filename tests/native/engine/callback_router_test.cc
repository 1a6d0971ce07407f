#include "engine/callback_router.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/outputs.h"

namespace aiges {
namespace {

using test::Answer;
using test::text_of;
using test::text_output;

constexpr std::uint32_t kEngine = 9;

// Takes so many results and then no more.
class Sink final : public ResultSink {
 public:
  explicit Sink(int takes = 1) : left_(takes) {}
  bool wants_result() override { return left_ > 0; }
  bool deliver(Result<OutputPtr> result) override {
    if (left_.fetch_sub(1) <= 0) return false;
    last = text_of(result);
    ++delivered;
    return true;
  }
  TagEnd tag_end() override { return end; }
  TagEnd end = TagEnd::kCompleted;
  std::string last;
  std::atomic<int> delivered{0};

 private:
  std::atomic<int> left_;
};

class CallbackRouterTest : public testing::Test {
 protected:
  int deliver(const char* tag, const char* text = "text") {
    Answer answer(text_output("key", text));
    const int told = router_.deliver(tag, answer);
    made_ += answer.made;
    return told;
  }
  // The four counters as "taken late double unknown".
  std::string counts() const {
    const auto text = [](const Stats::Counter& counter) { return std::to_string(counter.load()); };
    return text(stats_.callbacks) + " " + text(stats_.callbacks_late) + " " +
           text(stats_.callbacks_double) + " " + text(stats_.callbacks_unknown);
  }

  Stats stats_;
  CallbackRouter router_{kEngine, stats_};
  int made_ = 0;
};

TEST_F(CallbackRouterTest, GivesAResultToWhoWaits) {
  const auto first = std::make_shared<Sink>();
  const auto second = std::make_shared<Sink>();
  const CallbackRouter::Tag a = router_.open(first);
  const CallbackRouter::Tag b = router_.open(second);
  EXPECT_NE(a.id, b.id);
  EXPECT_EQ(engine_number_of(a.id), kEngine);
  EXPECT_EQ(TagText::parse(a.text), a.id);
  EXPECT_EQ(deliver(b.text, "for b"), 0);
  EXPECT_EQ(first->delivered, 0);
  EXPECT_EQ(second->last, "for b");
  EXPECT_EQ(counts(), "1 0 0 0");
}

TEST_F(CallbackRouterTest, AnEqualCopyOfTheTagWillDo) {
  const auto sink = std::make_shared<Sink>();
  const CallbackRouter::Tag tag = router_.open(sink);
  EXPECT_EQ(deliver(std::string(tag.text).c_str()), 0);
  EXPECT_EQ(sink->delivered, 1);
}

TEST_F(CallbackRouterTest, DoubleAfterAResult) {
  const CallbackRouter::Tag tag = router_.open(std::make_shared<Sink>());
  EXPECT_EQ(deliver(tag.text), 0);
  router_.close(tag.id, TagEnd::kCompleted);
  EXPECT_EQ(deliver(tag.text), -1);
  EXPECT_EQ(counts(), "1 0 1 0");
  EXPECT_EQ(made_, 1) << "a result that nobody wants must not be copied";
}

TEST_F(CallbackRouterTest, LateAfterGivingUp) {
  const CallbackRouter::Tag tag = router_.open(std::make_shared<Sink>());
  router_.close(tag.id, TagEnd::kGivenUp);
  EXPECT_EQ(deliver(tag.text), -1);
  EXPECT_EQ(counts(), "0 1 0 0");
  EXPECT_EQ(made_, 0);
}

TEST_F(CallbackRouterTest, DoubleWhileATagIsStillOpen) {
  const auto sink = std::make_shared<Sink>(2);
  const CallbackRouter::Tag tag = router_.open(sink);
  EXPECT_EQ(deliver(tag.text), 0);
  EXPECT_EQ(deliver(tag.text), 0);
  EXPECT_EQ(deliver(tag.text), -1);
  EXPECT_EQ(counts(), "2 0 1 0");
  EXPECT_EQ(made_, 2);
}

TEST_F(CallbackRouterTest, LateWhileATagThatWasGivenUpIsStillOpen) {
  const auto sink = std::make_shared<Sink>(0);
  sink->end = TagEnd::kGivenUp;
  const CallbackRouter::Tag tag = router_.open(sink);
  EXPECT_EQ(deliver(tag.text), -1);
  EXPECT_EQ(counts(), "0 1 0 0");
  EXPECT_EQ(made_, 0);
}

TEST_F(CallbackRouterTest, ResultIsCountedBeforeItIsSeen) {
  struct Looking final : ResultSink {
    bool wants_result() override { return true; }
    bool deliver(Result<OutputPtr>) override {
      counted = stats->callbacks.load();
      return takes;
    }
    TagEnd tag_end() override { return TagEnd::kGivenUp; }
    Stats* stats = nullptr;
    std::uint64_t counted = 0;
    bool takes = true;
  };
  const auto sink = std::make_shared<Looking>();
  sink->stats = &stats_;
  const CallbackRouter::Tag tag = router_.open(sink);
  EXPECT_EQ(deliver(tag.text), 0);
  EXPECT_EQ(sink->counted, 1U);
  sink->takes = false;  // somebody else was faster
  EXPECT_EQ(deliver(tag.text), -1);
  EXPECT_EQ(counts(), "1 1 0 0");
}

TEST_F(CallbackRouterTest, UnknownTags) {
  const CallbackRouter::Tag tag = router_.open(std::make_shared<Sink>());
  int unknown = 0;
  const auto refuse = [&](const char* text) {
    EXPECT_EQ(deliver(text), -1) << (text ? text : "NULL");
    EXPECT_EQ(counts(), "0 0 0 " + std::to_string(++unknown)) << (text ? text : "NULL");
  };
  refuse(nullptr);
  refuse("");
  refuse("no such tag");
  refuse(TagText(make_tag_id(kEngine + 1, 1)).c_str());  // of another engine
  refuse(TagText(make_tag_id(kEngine, 0)).c_str());      // never given out
  refuse(TagText(tag.id + 1).c_str());                   // not yet given out
  EXPECT_EQ(made_, 0);
}

TEST_F(CallbackRouterTest, TagOfASynchronousCallIsNotUnknown) {
  const TagId id = router_.next_id();
  EXPECT_EQ(deliver(TagText(id).c_str()), -1);
  EXPECT_EQ(counts(), "0 1 0 0");
}

TEST_F(CallbackRouterTest, ClosingTwiceKeepsTheFirstEnd) {
  const CallbackRouter::Tag tag = router_.open(std::make_shared<Sink>());
  router_.close(tag.id, TagEnd::kCompleted);
  router_.close(tag.id, TagEnd::kGivenUp);
  router_.close(make_tag_id(kEngine, 999), TagEnd::kGivenUp);
  EXPECT_EQ(deliver(tag.text), -1);
  EXPECT_EQ(counts(), "0 0 1 0");
}

TEST_F(CallbackRouterTest, CloseReleasesTheSink) {
  auto sink = std::make_shared<Sink>();
  const std::weak_ptr<Sink> watched = sink;
  const CallbackRouter::Tag tag = router_.open(std::move(sink));
  EXPECT_FALSE(watched.expired());
  router_.close(tag.id, TagEnd::kCompleted);
  EXPECT_TRUE(watched.expired());
}

TEST_F(CallbackRouterTest, SinkMayCloseItsTagWhileItTakesAResult) {
  struct Closer final : ResultSink {
    bool wants_result() override { return true; }
    bool deliver(Result<OutputPtr>) override {
      router->close(id, TagEnd::kCompleted);
      return true;
    }
    TagEnd tag_end() override { return TagEnd::kCompleted; }
    CallbackRouter* router = nullptr;
    TagId id = 0;
  };
  auto sink = std::make_shared<Closer>();
  const CallbackRouter::Tag tag = router_.open(sink);
  sink->router = &router_;
  sink->id = tag.id;
  sink.reset();
  EXPECT_EQ(deliver(tag.text), 0);
  EXPECT_EQ(counts(), "1 0 0 0");
}

TEST_F(CallbackRouterTest, FailuresAreDeliveredToo) {
  const auto sink = std::make_shared<Sink>();
  const CallbackRouter::Tag tag = router_.open(sink);
  Answer answer(Status(ErrorKind::kEngine, Code::kCallback, "callback", "broken"));
  EXPECT_EQ(router_.deliver(tag.text, answer), 0);
  EXPECT_EQ(sink->last, "error: broken");
}

TEST_F(CallbackRouterTest, TextsRestForLongBeforeTheyAreUsedAgain) {
  constexpr int kQuarantine = 16384;
  const CallbackRouter::Tag first = router_.open(std::make_shared<Sink>());
  const std::string text = first.text;
  router_.close(first.id, TagEnd::kGivenUp);
  for (int i = 0; i < kQuarantine; ++i) {
    const CallbackRouter::Tag tag = router_.open(std::make_shared<Sink>());
    ASSERT_NE(tag.text, first.text) << "used again after " << i << " others";
    router_.close(tag.id, TagEnd::kGivenUp);
  }
  EXPECT_EQ(first.text, text) << "a stray pointer must still read its own tag";
  EXPECT_EQ(deliver(first.text), -1);
  EXPECT_EQ(counts(), "0 1 0 0");
  // Then it is used again: memory does not grow without end.
  const CallbackRouter::Tag next = router_.open(std::make_shared<Sink>());
  EXPECT_EQ(next.text, first.text);
  EXPECT_NE(next.text, text);
}

TEST_F(CallbackRouterTest, EndsAreRememberedForThousandsOfOthers) {
  const CallbackRouter::Tag done = router_.open(std::make_shared<Sink>());
  const std::string text = done.text;
  router_.close(done.id, TagEnd::kCompleted);
  for (int i = 0; i < 4000; ++i) {
    const CallbackRouter::Tag tag = router_.open(std::make_shared<Sink>());
    router_.close(tag.id, TagEnd::kGivenUp);
  }
  EXPECT_EQ(deliver(text.c_str()), -1);
  EXPECT_EQ(counts(), "0 0 1 0");
  for (int i = 0; i < 4096; ++i) {
    const CallbackRouter::Tag tag = router_.open(std::make_shared<Sink>());
    router_.close(tag.id, TagEnd::kCompleted);
  }
  // Too long ago to know how it ended: then it is late, never unknown or somebody else's.
  EXPECT_EQ(deliver(text.c_str()), -1);
  EXPECT_EQ(counts(), "0 1 1 0");
}

TEST_F(CallbackRouterTest, OfRacingResultsOneIsTaken) {
  constexpr int kRacers = 4;
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    const auto sink = std::make_shared<Sink>();
    const CallbackRouter::Tag tag = router_.open(sink);
    std::atomic<bool> go{false};
    std::atomic<int> taken{0};
    std::vector<std::thread> racers;
    for (int r = 0; r < kRacers; ++r) {
      racers.emplace_back([&] {
        while (!go) {
        }
        Answer answer(text_output("key", "text"));
        if (router_.deliver(tag.text, answer) == 0) {
          ++taken;
          router_.close(tag.id, TagEnd::kCompleted);
        }
      });
    }
    go = true;
    for (std::thread& racer : racers) racer.join();
    ASSERT_EQ(taken, 1);
  }
  EXPECT_EQ(counts(),
            std::to_string(kRounds) + " 0 " + std::to_string(kRounds * (kRacers - 1)) + " 0");
}

TEST_F(CallbackRouterTest, TagsOfManyThreadsDiffer) {
  std::vector<std::vector<TagId>> ids(4);
  std::vector<std::thread> threads;
  for (auto& own : ids) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        const CallbackRouter::Tag tag = router_.open(std::make_shared<Sink>());
        own.push_back(tag.id);
        own.push_back(router_.next_id());
        router_.close(tag.id, TagEnd::kCompleted);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<TagId> all;
  for (const auto& own : ids) all.insert(own.begin(), own.end());
  EXPECT_EQ(all.size(), 8000U);
}

}  // namespace
}  // namespace aiges
