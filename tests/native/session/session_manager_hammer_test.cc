#include <atomic>
#include <map>

#include "session/session_manager.h"
#include "session/stream_session_test.h"

namespace aiges::test {
namespace {

// Sessions that are opened, fed by two threads each, called back, polled, closed and evicted, all
// at once: whatever happens, each is destroyed once, its licence returned once, and its end told
// once.
class SessionManagerHammerTest : public HostTest {
 protected:
  void TearDown() override {
    HostTest::TearDown();
    pool_.stop();
    EXPECT_EQ(script_->destroys.get(), script_->creates.get());
    EXPECT_EQ(manager_->stats().in_use, 0U);
    EXPECT_EQ(manager_->stats().waiting, 0U);
    EXPECT_EQ(manager_->stats().live, 0U);
  }
  void make(std::size_t licences, std::size_t waiting) {
    start();
    SessionManager::Options options;
    options.licences = {licences, waiting};
    options.max_wait = kPatience;
    manager_.emplace(watchdog_, pool_, AdvertisedAddress::parse("10.0.0.1", 5090).value(), options);
  }
  static Frame frame(std::int64_t id, int status) {
    static const char kBytes[] = "bytes";
    Frame made;
    made.sync_id = id;
    DataItem item;
    item.key = "in";
    item.data = kBytes;
    item.size = 5;
    item.status = status;
    made.items.push_back(item);
    return made;
  }
  std::shared_ptr<StreamSession> begin(StreamSession::Options options) {
    auto reservation = manager_->reserve("");
    EXPECT_TRUE(reservation.ok());
    auto granted = std::make_shared<std::promise<Licence>>();
    manager_->acquire(Deadline::never(), [granted](Result<Licence> licence) {
      granted->set_value(licence.ok() ? std::move(licence.value()) : Licence());
    });
    Licence licence = granted->get_future().get();
    EXPECT_TRUE(licence);
    auto session = manager_->open(host_, std::move(reservation.value()), std::move(licence), {},
                                  std::move(options));
    EXPECT_TRUE(session.ok());
    return session.ok() ? session.value() : nullptr;
  }
  // What one client does with one session; `way` chooses among the ways to end.
  void serve(StreamSession::Options options, int way) {
    if (way % 5 == 4) options.ttl = std::chrono::milliseconds(2);
    if (way % 7 == 6) options.deadline = Deadline::after(std::chrono::milliseconds(1));
    const auto session = begin(std::move(options));
    ASSERT_NE(session, nullptr);
    session->push(frame(0, kStatusBegin));
    auto other = in_thread([&] {
      session->push(frame(2, kStatusContinue));
      session->push(frame(3, kStatusEnd));
    });
    session->push(frame(1, kStatusContinue));
    if (way % 3 == 2) session->close(CloseReason::kDisconnected);
    int ends = 0;
    for (bool more = true; more;) {
      auto promise = std::make_shared<std::promise<std::optional<Result<Batch>>>>();
      auto next = promise->get_future();
      session->wait_result(Deadline::after(kPatience),
                           [promise](std::optional<Result<Batch>> result) {
                             promise->set_value(std::move(result));
                           });
      const auto result = next.get();
      more = result && result->ok() && !result->value().final;
      if (result && !more) ++ends;
    }
    EXPECT_EQ(ends, 1);
    other.get();
    EXPECT_EQ(describe(session->take()), "nothing");
  }
  void serve_many(const StreamSession::Options& options) {
    constexpr int kThreads = 4;
    constexpr int kEach = 150;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) serve(options, t + i);
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(manager_->drain(Deadline::after(kPatience), kPatience).ok());
    EXPECT_EQ(manager_->stats().opened, std::uint64_t{kThreads} * kEach);
    EXPECT_EQ(script_->creates.get(), kThreads * kEach);
  }

  JoinedPool pool_{2};
  Watchdog watchdog_;
  std::optional<SessionManager> manager_;
};

TEST_F(SessionManagerHammerTest, SessionsThatAreRead) {
  std::atomic<int> reads{0};
  script_->on_read = [&]() -> Result<OutputPtr> {
    const int number = reads.fetch_add(1);
    if (number % 3 == 0) return OutputPtr();
    return text_output("k", "x", number % 7 == 0 ? kStatusEnd : kStatusContinue);
  };
  make(2, 8);
  serve_many({});
}

TEST_F(SessionManagerHammerTest, SessionsThatAreCalledBack) {
  // One engine thread answers every write, whenever it gets to it.
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::string> to_answer;
  bool stop = false;
  std::thread engine([&] {
    for (int number = 0;; ++number) {
      std::string tag;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return stop || !to_answer.empty(); });
        if (to_answer.empty()) return;
        tag = std::move(to_answer.front());
        to_answer.pop_front();
      }
      for (int i = 0; i < 3; ++i)
        (void)script_->call_back(tag, text_output("k", "x", i == 2 ? kStatusEnd : kStatusContinue));
    }
  });
  script_->on_create = [&](const Request& request, bool) {
    const std::lock_guard lock(mutex);
    to_answer.emplace_back(request.tag_text);
    wake.notify_one();
    return Status();
  };
  script_->on_cancel = [](const std::string&) {};
  make(2, 8);
  StreamSession::Options options;
  options.mode = Mode::kStreamAsync;
  serve_many(options);
  {
    const std::lock_guard lock(mutex);
    stop = true;
  }
  wake.notify_one();
  engine.join();
}

}  // namespace
}  // namespace aiges::test
