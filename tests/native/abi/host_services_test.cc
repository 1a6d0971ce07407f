#include "abi/host_services.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/outputs.h"

namespace aiges::test {
namespace {

// Notes what it is told; throws where a test wants it to.
class Context final : public EngineContext {
 public:
  explicit Context(int answer = 0) : answer_(answer) {}
  int on_result(const char* tag, ResultMaker& maker) override {
    if (throws) throw 7;
    last_tag = tag ? tag : "(null)";
    last_text = text_of(maker.make());
    return answer_;
  }
  int on_event(Event event, const char* tag, const char* key, const char* text,
               std::int64_t count) override {
    if (throws) throw 7;
    const std::lock_guard lock(mutex_);
    last_event = std::to_string(static_cast<int>(event)) + (tag ? tag : "-") + (key ? key : "-") +
                 (text ? text : "-") + std::to_string(count);
    return answer_;
  }
  void output_made() override {}
  void output_gone() override {}
  void reap(Reapable*, std::size_t) override {}
  Stats& stats() override { return stats_; }
  Status engine_error(const char* where, Code code, int engine_code) override {
    return engine_failure(where, code, engine_code, "text");
  }

  bool throws = false;
  std::string last_tag;
  std::string last_text;
  std::string last_event;

 private:
  const int answer_;
  std::mutex mutex_;
  Stats stats_;
};

// The last indices: no library of these tests has them.
constexpr unsigned kFirst = kMaxLibraries - 2;
constexpr unsigned kSecond = kMaxLibraries - 1;

class HostServicesTest : public testing::Test {
 protected:
  void TearDown() override {
    connect_host_services(kFirst, nullptr);
    connect_host_services(kSecond, nullptr);
  }
  char key_[4] = "key";
  char bytes_[6] = "bytes";
  DataList node_{key_, bytes_, 5, DataText, DataOnce, nullptr, nullptr};
};

TEST_F(HostServicesTest, EachLibraryHasItsOwnFunctions) {
  const auto first = std::make_shared<Context>(0);
  const auto second = std::make_shared<Context>(-1);
  const HostServices a = connect_host_services(kFirst, first);
  const HostServices b = connect_host_services(kSecond, second);
  EXPECT_NE(a.callback, b.callback);
  EXPECT_NE(a.meter, b.meter);
  EXPECT_NE(a.trace, a.metrics);
  EXPECT_EQ(a.callback("tag a", &node_, 0), 0);
  EXPECT_EQ(b.callback("tag b", &node_, 0), -1);
  EXPECT_EQ(first->last_tag, "tag a");
  EXPECT_EQ(first->last_text, "bytes");
  EXPECT_EQ(second->last_tag, "tag b");
}

TEST_F(HostServicesTest, EventsArriveAsTheirKind) {
  const auto context = std::make_shared<Context>();
  const HostServices services = connect_host_services(kFirst, context);
  EXPECT_EQ(services.meter("t", "k", 5), 0);
  EXPECT_EQ(context->last_event, "0tk-5");
  EXPECT_EQ(services.trace("t", "k", "v"), 0);
  EXPECT_EQ(context->last_event, "1tkv0");
  EXPECT_EQ(services.metrics("t", "k", "v"), 0);
  EXPECT_EQ(context->last_event, "2tkv0");
  EXPECT_EQ(services.trace(nullptr, nullptr, nullptr), 0);
  EXPECT_EQ(context->last_event, "1---0");
}

TEST_F(HostServicesTest, ErrorsAndEmptyListsOfCallbacks) {
  const auto context = std::make_shared<Context>();
  const HostServices services = connect_host_services(kFirst, context);
  services.callback(nullptr, nullptr, 33);
  EXPECT_EQ(context->last_tag, "(null)");
  EXPECT_EQ(context->last_text, "error: text;code=33");
  services.callback("t", nullptr, 0);
  EXPECT_NE(context->last_text.find("nil"), std::string::npos);
  EXPECT_EQ(context->stats().bytes_copied.load(), 0U);
  services.callback("t", &node_, 0);
  EXPECT_EQ(context->stats().bytes_copied.load(), 5U);
}

TEST_F(HostServicesTest, AnswerMinusOneWithNobodyBehindThem) {
  auto context = std::make_shared<Context>();
  const std::weak_ptr<Context> watched = context;
  const HostServices services = connect_host_services(kFirst, std::move(context));
  EXPECT_FALSE(watched.expired());
  connect_host_services(kFirst, nullptr);
  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(services.callback("t", &node_, 0), -1);
  EXPECT_EQ(services.meter("t", "k", 1), -1);
  EXPECT_EQ(services.trace("t", "k", "v"), -1);
  EXPECT_EQ(services.metrics("t", "k", "v"), -1);
}

TEST_F(HostServicesTest, ConnectingAgainKeepsTheFunctions) {
  const HostServices before = connect_host_services(kFirst, std::make_shared<Context>(0));
  const auto later = std::make_shared<Context>(-1);
  const HostServices after = connect_host_services(kFirst, later);
  EXPECT_EQ(before.callback, after.callback);
  EXPECT_EQ(before.callback("t", &node_, 0), -1);
  EXPECT_EQ(later->last_tag, "t");
}

TEST_F(HostServicesTest, NoExceptionReachesTheEngine) {
  const auto context = std::make_shared<Context>();
  const HostServices services = connect_host_services(kFirst, context);
  context->throws = true;
  EXPECT_EQ(services.callback("t", &node_, 0), -1);
  EXPECT_EQ(services.meter("t", "k", 1), -1);
}

TEST_F(HostServicesTest, CallsRaceWithReconnects) {
  const HostServices services = connect_host_services(kFirst, nullptr);
  std::atomic<bool> stop{false};
  std::vector<std::thread> callers;
  for (int t = 0; t < 3; ++t) {
    callers.emplace_back([&] {
      while (!stop) (void)services.meter("t", "k", 1);
    });
  }
  for (int i = 0; i < 300; ++i)
    connect_host_services(kFirst, i % 2 == 0 ? nullptr : std::make_shared<Context>());
  stop = true;
  for (std::thread& caller : callers) caller.join();
}

}  // namespace
}  // namespace aiges::test
