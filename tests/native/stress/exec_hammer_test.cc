#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/c_engine_test.h"

namespace aiges::test {
namespace {

constexpr int kThreads = 6;

template <class Body>
void in_threads(int count, Body body) {
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) threads.emplace_back(body, t);
  for (std::thread& thread : threads) thread.join();
}

class ExecHammer : public CEngineTest {};

TEST_F(ExecHammer, ExecsOfManyThreadsStayApart) {
  constexpr int kEach = 500;
  load("echo");
  in_threads(kThreads, [this](int t) {
    OutputPtr kept;  // outlives the next call, so that outputs go in another order than they came
    for (int i = 0; i < kEach; ++i) {
      const std::string bytes = std::to_string(t) + ":" + std::to_string(i);
      Result<OutputPtr> result = exec(Call().item("k", bytes));
      ASSERT_TRUE(result.ok());
      ASSERT_EQ(text_of(result), bytes);
      kept = result.value();
    }
  });
  EXPECT_TRUE(host_->close(patient()).ok());
  EXPECT_EQ(probe_->count("exec"), kThreads * kEach);
  EXPECT_EQ(probe_->count("exec_free"), kThreads * kEach);
  EXPECT_EQ(stat(&Stats::calls), std::uint64_t{kThreads} * kEach);
  EXPECT_EQ(stat(&Stats::exec_free), std::uint64_t{kThreads} * kEach);
  EXPECT_EQ(stat(&Stats::failures), 0U);
}

TEST_F(ExecHammer, AsynchronousRequestsOfManyThreads) {
  constexpr int kEach = 100;
  load("echo");
  std::atomic<int> wrong{0};
  in_threads(kThreads, [this, &wrong](int t) {
    for (int i = 0; i < kEach; ++i) {
      const std::string bytes = std::to_string(t) + ":" + std::to_string(i);
      const Outcome outcome;
      const auto operation = host_->exec_async(Call().item("k", bytes).shared(), Deadline::never(),
                                               outcome.completion());
      if (i % 5 == 4 && operation->cancel()) continue;
      if (text_of(outcome.wait()) != bytes) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(host_->close(patient()).ok());
  EXPECT_EQ(probe_->count("exec_async"), kThreads * kEach);
  EXPECT_EQ(probe_->count("callback"), kThreads * kEach);
  EXPECT_EQ(stat(&Stats::callbacks),
            static_cast<std::uint64_t>(probe_->count("callback_accepted")));
}

TEST_F(ExecHammer, RacingDeadlinesAndPlaces) {
  constexpr int kEach = 60;
  EngineHost::Options options;
  options.concurrency = 2;
  load("echo", {}, options);
  std::atomic<int> good{0};
  std::atomic<int> bad{0};
  in_threads(kThreads, [&, this](int t) {
    for (int i = 0; i < kEach; ++i) {
      const Deadline deadline =
          i % 3 == 0 ? Deadline::after(std::chrono::microseconds(200)) : Deadline::after(kPatience);
      Result<OutputPtr> result = OutputPtr();
      if (t % 2 == 0) {
        result = host_->exec_waiting(Call().item("k", "v").shared(), {deadline, nullptr});
      } else {
        const Outcome outcome;
        host_->exec_async(Call().item("k", "v").shared(), deadline, outcome.completion());
        result = outcome.wait();
      }
      ++(result.ok() ? good : bad);
      ASSERT_TRUE(result.ok() || i % 3 == 0) << result.status().message();
    }
  });
  EXPECT_EQ(good + bad, kThreads * kEach);
  EXPECT_TRUE(host_->close(patient()).ok());
}

// Every call either worked or was refused because the engine is closed, and the engine was finished
// after all of them: TearDown looks at what the engine counted.
TEST_F(ExecHammer, CloseAmongCalls) {
  for (int round = 0; round < 30; ++round) {
    load("echo");
    ASSERT_TRUE(host_) << status_.message();
    std::atomic<int> entered{0};
    std::thread closer([&] {
      while (entered < 3) std::this_thread::yield();
      EXPECT_TRUE(host_->close(patient()).ok());
    });
    in_threads(4, [&, this](int t) {
      for (;;) {
        ++entered;
        const Result<OutputPtr> result =
            t % 2 == 0 ? exec(Call().item("k", "v"))
                       : host_->exec_waiting(Call().item("k", "v").shared(), {});
        if (!result.ok()) {
          EXPECT_EQ(result.status().code(), Code::kInactive);
          return;
        }
      }
    });
    closer.join();
    EXPECT_TRUE(host_->close(patient()).ok());  // outputs may have lived on at the first
    EXPECT_EQ(probe_->count("fini"), 1);
    EXPECT_EQ(probe_->count("after_fini"), 0);
    EXPECT_EQ(probe_->count("exec"), probe_->count("exec_free"));
  }
}

TEST_F(ExecHammer, ResourcesComeAndGoAmongCalls) {
  load("resources");
  in_threads(4, [this](int) {
    for (int i = 0; i < 14; ++i) {  // the engine has room for 63 ids in its life
      DataItem data;
      data.key = "res";
      data.data = "bytes";
      data.size = 5;
      const Result<std::uint32_t> id = host_->load_resource(data);
      ASSERT_TRUE(id.ok()) << id.status().message();
      ASSERT_EQ(text(Call().resources({id.value()})), "1");
      ASSERT_TRUE(host_->unload_resource(id.value()).ok());
    }
  });
  EXPECT_EQ(probe_->count("live_resources"), 0);
}

}  // namespace
}  // namespace aiges::test
