#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "session/session.h"
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

class SessionHammer : public CEngineTest {};

TEST_F(SessionHammer, SessionsOfManyThreadsStayApart) {
  constexpr int kEach = 40;
  load("echo");
  in_threads(kThreads, [this](int t) {
    for (int i = 0; i < kEach; ++i) {
      const Mode mode = i % 2 == 0 ? Mode::kStream : Mode::kStreamAsync;
      auto opened = Session::open(host_, Call().request(), mode);
      ASSERT_TRUE(opened.ok());
      const auto session = opened.value();
      for (int w = 0; w < 3; ++w) {
        const std::string bytes =
            std::to_string(t) + ":" + std::to_string(i) + ":" + std::to_string(w);
        const Call call = Call().item("k", bytes, w == 2 ? kStatusEnd : kStatusContinue);
        ASSERT_TRUE(session->write(call.request().data).ok());
        ASSERT_EQ(text_of(session->read(patient())), bytes);
      }
      ASSERT_TRUE(session->done());
      ASSERT_TRUE(session->close().ok());
    }
  });
  EXPECT_EQ(probe_->count("create"), kThreads * kEach);
  EXPECT_EQ(probe_->count("destroy"), kThreads * kEach);
  EXPECT_EQ(host_->live_sessions(), 0U);
}

TEST_F(SessionHammer, OneSessionOfManyThreads) {
  load("session_order");
  const auto session = Session::open(host_, Call().request(), Mode::kStream).value();
  std::atomic<int> results{0};
  constexpr int kWrites = 15;
  in_threads(4, [&](int t) {
    if (t < 2) {
      for (int i = 0; i < kWrites; ++i)
        ASSERT_TRUE(session->write(Call().item("k", "v").request().data).ok());
      return;
    }
    while (results < 2 * kWrites) {
      const Result<OutputPtr> result = session->read(within(std::chrono::milliseconds(5)));
      ASSERT_TRUE(result.ok());
      if (result.value()) ++results;
    }
  });
  EXPECT_EQ(results, 2 * kWrites);
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionHammer, ClosesFromEverywhere) {
  load("echo");
  for (int round = 0; round < 40; ++round) {
    const auto session =
        Session::open(host_, Call().request(), round % 2 == 0 ? Mode::kStream : Mode::kStreamAsync)
            .value();
    in_threads(4, [&](int t) {
      if (t < 2) {
        EXPECT_TRUE(session->close().ok());
        return;
      }
      const Call call = Call().item("k", "v", kStatusContinue);
      while (session->write(call.request().data).ok() && session->try_read().ok()) {
      }
    });
    ASSERT_EQ(probe_->count("destroy"), round + 1);
  }
}

TEST_F(SessionHammer, HostClosesAmongSessions) {
  for (int round = 0; round < 15; ++round) {
    load("echo");
    ASSERT_TRUE(host_) << status_.message();
    std::atomic<int> opened{0};
    std::thread closer([&] {
      while (opened < 4) std::this_thread::yield();
      EXPECT_EQ(kind_of(host_->close(patient())), "ok");
    });
    in_threads(4, [&, this](int t) {
      for (;;) {
        auto session =
            Session::open(host_, Call().request(), t % 2 == 0 ? Mode::kStream : Mode::kStreamAsync);
        ++opened;
        if (!session.ok()) return;
        const Call call = Call().item("k", "v", kStatusContinue);
        if (session.value()->write(call.request().data).ok())
          (void)session.value()->read(patient());
        (void)session.value()->close();
      }
    });
    closer.join();
    EXPECT_EQ(probe_->count("fini"), 1);
    EXPECT_EQ(probe_->count("after_fini"), 0);
    EXPECT_EQ(probe_->count("create"), probe_->count("destroy"));
  }
}

}  // namespace
}  // namespace aiges::test
