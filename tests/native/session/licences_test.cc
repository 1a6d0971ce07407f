#include "session/licences.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

#include "support/latch.h"
#include "support/outputs.h"

namespace aiges::test {
namespace {

using std::chrono::hours;

// Keeps what acquire() brought.
struct Grant {
  Licences::Granted callback() {
    return [this](Result<Licence> result) {
      if (result.ok()) {
        licence = std::move(result.value());
      } else {
        refused = result.status();
      }
      times.add();
    };
  }
  bool holds() const { return static_cast<bool>(licence); }
  Licence licence;
  Status refused;
  Count times;
};

class LicencesTest : public testing::Test {
 protected:
  Licences& make(std::size_t max, std::size_t max_waiting = 0) {
    licences_ = Licences::make(watchdog_, {max, max_waiting});
    return *licences_;
  }
  Watchdog watchdog_;
  std::shared_ptr<Licences> licences_;
};

TEST_F(LicencesTest, AreGivenOutUpToTheMaximumAndAgainWhenTheyCameBack) {
  Licences& licences = make(2);
  Licence first = licences.try_acquire();
  Licence second = licences.try_acquire();
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(licences.try_acquire());
  EXPECT_EQ(licences.in_use(), 2U);
  EXPECT_EQ(licences.refused(), 1U);
  first.release();
  first.release();
  EXPECT_FALSE(first);
  EXPECT_EQ(licences.in_use(), 1U);
  EXPECT_TRUE(licences.try_acquire()) << "and goes back at the end of its life";
  EXPECT_EQ(licences.in_use(), 1U);
}

TEST_F(LicencesTest, AMovedLicenceIsReturnedOnce) {
  Licences& licences = make(2);
  Licence licence = licences.try_acquire();
  Licence other = licences.try_acquire();
  other = std::move(licence);
  EXPECT_EQ(licences.in_use(), 1U);
  other = Licence();
  EXPECT_EQ(licences.in_use(), 0U);
}

TEST_F(LicencesTest, WithoutAQueueOverloadIsRefusedAtOnce) {
  Licences& licences = make(1);
  const Licence taken = licences.try_acquire();
  Grant grant;
  EXPECT_EQ(licences.acquire(Deadline::never(), grant.callback()), 0U);
  EXPECT_EQ(grant.refused.code(), Code::kOverload);
  EXPECT_EQ(grant.refused.kind(), ErrorKind::kOverload);
  EXPECT_EQ(grant.refused.message(), "service license not enough: 1 of 1 are in use");
  EXPECT_EQ(licences.refused(), 1U);
}

TEST_F(LicencesTest, WhoWaitsIsServedInTheOrderOfComing) {
  Licences& licences = make(1, 2);
  Licence taken = licences.try_acquire();
  Grant first;
  Grant second;
  Grant third;
  EXPECT_NE(licences.acquire(Deadline::never(), first.callback()), 0U);
  EXPECT_NE(licences.acquire(Deadline::never(), second.callback()), 0U);
  EXPECT_EQ(licences.acquire(Deadline::never(), third.callback()), 0U);
  EXPECT_EQ(third.refused.code(), Code::kOverload) << "the queue is full";
  EXPECT_EQ(licences.waiting(), 2U);
  taken.release();
  EXPECT_TRUE(first.holds());
  EXPECT_FALSE(licences.try_acquire()) << "nobody overtakes the second";
  first.licence.release();
  EXPECT_TRUE(second.holds());
  second.licence.release();
  EXPECT_EQ(licences.waiting(), 0U);
  EXPECT_TRUE(licences.try_acquire()) << "the way is free again";
  EXPECT_EQ(licences.in_use(), 0U);
}

TEST_F(LicencesTest, AGrantMayBeGivenBackWithinItself) {
  constexpr int kMany = 20'000;  // more than a stack has room for
  Licences& licences = make(1, kMany);
  Licence taken = licences.try_acquire();
  Count granted;
  for (int i = 0; i < kMany; ++i)
    licences.acquire(Deadline::never(), [&](Result<Licence> result) {
      EXPECT_TRUE(result.ok());
      granted.add();
    });
  taken.release();
  EXPECT_EQ(granted.get(), kMany);
  EXPECT_EQ(licences.in_use(), 0U);
}

TEST_F(LicencesTest, WaitingEndsAtTheDeadline) {
  Licences& licences = make(1, 1);
  Licence taken = licences.try_acquire();
  Grant grant;
  EXPECT_NE(licences.acquire(Deadline::after(kSoon), grant.callback()), 0U);
  ASSERT_TRUE(grant.times.reaches(1));
  EXPECT_EQ(grant.refused.code(), Code::kOverload);
  EXPECT_EQ(licences.waiting(), 0U);
  taken.release();
  EXPECT_EQ(licences.in_use(), 0U);
  EXPECT_TRUE(licences.try_acquire());
  EXPECT_EQ(grant.times.get(), 1);
}

TEST_F(LicencesTest, APassedDeadlineDoesNotWait) {
  Licences& licences = make(1, 1);
  const Licence taken = licences.try_acquire();
  Grant grant;
  EXPECT_EQ(licences.acquire(Deadline::at(Clock::now()), grant.callback()), 0U);
  EXPECT_EQ(grant.refused.code(), Code::kOverload);
}

TEST_F(LicencesTest, AWaiterMayGiveUp) {
  Licences& licences = make(1, 1);
  Licence taken = licences.try_acquire();
  Grant grant;
  const auto id = licences.acquire(Deadline::after(hours(1)), grant.callback());
  EXPECT_TRUE(licences.cancel(id));
  EXPECT_FALSE(licences.cancel(id));
  taken.release();
  EXPECT_EQ(grant.times.get(), 0);
  EXPECT_TRUE(licences.try_acquire());
}

TEST_F(LicencesTest, GrowServesWhoWaitsAndShrinkLetsWhatIsOutRunOut) {
  Licences& licences = make(1, 4);
  std::vector<Licence> out;
  out.push_back(licences.try_acquire());
  Grant grant;
  licences.acquire(Deadline::never(), grant.callback());
  licences.resize(3);
  EXPECT_TRUE(grant.holds());
  out.push_back(licences.try_acquire());
  EXPECT_EQ(licences.in_use(), 3U);
  licences.resize(1);
  EXPECT_EQ(licences.in_use(), 3U);
  EXPECT_EQ(licences.max(), 1U);
  out.pop_back();
  out.pop_back();
  EXPECT_FALSE(licences.try_acquire()) << "one is out, and one is the limit";
  Grant late;
  licences.acquire(Deadline::never(), late.callback());
  grant.licence.release();
  EXPECT_TRUE(late.holds());
}

TEST_F(LicencesTest, ClosedOnesRefuseWhoComesAndWhoWaits) {
  Licences& licences = make(1, 1);
  Licence taken = licences.try_acquire();
  Grant waiting;
  licences.acquire(Deadline::never(), waiting.callback());
  licences.close();
  EXPECT_EQ(waiting.refused.code(), Code::kOverload);
  EXPECT_FALSE(licences.wait_idle(Deadline::after(kSoon)));
  auto idle = in_thread([&] { return licences.wait_idle(Deadline::after(kPatience)); });
  taken.release();
  EXPECT_TRUE(idle.get());
  Grant late;
  licences.acquire(Deadline::never(), late.callback());
  EXPECT_EQ(late.refused.message(),
            "service license not enough: 0 of 1 are in use; the server is going down");
}

TEST_F(LicencesTest, NeverMoreThanTheMaximumIsOutAndNoGrantIsLost) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 2000;
  Licences& licences = make(2, kThreads * kRounds);
  std::atomic<int> out{0};
  std::atomic<int> most{0};
  Count granted;
  const auto hold = [&](Result<Licence> result) {
    ASSERT_TRUE(result.ok());
    const int now = out.fetch_add(1) + 1;
    int seen = most.load();
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    out.fetch_sub(1);
    result.value().release();
    granted.add();
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) licences.acquire(Deadline::after(hours(1)), hold);
    });
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(granted.reaches(kThreads * kRounds));
  EXPECT_LE(most.load(), 2);
  EXPECT_EQ(licences.in_use(), 0U);
  EXPECT_EQ(licences.waiting(), 0U);
  EXPECT_TRUE(licences.try_acquire());
}

}  // namespace
}  // namespace aiges::test
