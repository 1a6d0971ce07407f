#include "client/load_generator.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "server/server_test.h"

namespace aiges::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LoadGeneratorTest : public test::ServerTest {
 protected:
  LoadPlan plan(std::uint64_t count) const {
    LoadPlan made;
    made.target = address();
    made.payloads.push_back({"key", "bytes", kTypeText, {}});
    made.expected.push_back({"result", "fake", {}});
    made.count = count;
    made.connections = 4;
    made.concurrency = 10;
    made.threads = 2;
    return made;
  }
  static std::unique_ptr<LoadReport> run(LoadPlan plan, const OnProgress& on_progress = {}) {
    auto done = run_load(std::move(plan), on_progress);
    EXPECT_TRUE(done.ok()) << done.status().message();
    return done.ok() ? std::move(done.value()) : std::make_unique<LoadReport>();
  }
};

TEST_F(LoadGeneratorTest, SendsExactlyTheCount) {
  serve();
  int sent = 0;
  for (const Protocol protocol : {Protocol::kAiges, Protocol::kXsf}) {
    for (const double rate : {0.0, 10000.0}) {
      LoadPlan planned = plan(200);
      planned.protocol = protocol;
      planned.rate = rate;
      const auto report = run(std::move(planned));
      EXPECT_EQ(report->answered, 200U);
      EXPECT_EQ(report->failed, 0U);
      EXPECT_EQ(report->latency.count(), 200U);
      EXPECT_EQ(script_->execs.get(), sent += 200);
    }
  }
}

TEST_F(LoadGeneratorTest, CanBeEndedMeanwhile) {
  serve();
  LoadPlan planned = plan(0);
  planned.duration = seconds(3600);
  const auto report = run(std::move(planned), [](const LoadProgress&) { return false; });
  EXPECT_GT(report->answered, 0U);
  EXPECT_EQ(report->failed, 0U) << "what was cut off is no failure";
}

TEST_F(LoadGeneratorTest, SaysThatNobodyListens) {
  serve();
  LoadPlan planned = plan(1);
  server_->stop();
  const auto done = run_load(std::move(planned), {});
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.status().where(), "connect");
  EXPECT_NE(done.status().message().find("cannot connect"), std::string::npos);
}

TEST_F(LoadGeneratorTest, CountsWhatAServerThatWentLeftUndone) {
  serve();
  LoadPlan planned = plan(0);
  planned.duration = milliseconds(700);
  const auto report = run(std::move(planned), [&](const LoadProgress&) {
    server_->stop();
    return true;
  });
  EXPECT_GT(report->answered, 0U);
  EXPECT_GT(report->failed, 0U);
  EXPECT_GT(report->reconnects, 0U);
}

}  // namespace
}  // namespace aiges::client
