#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/engine_host.h"
#include "support/fake_engine.h"
#include "support/latch.h"

namespace aiges::test {

// Receives the outcome of an asynchronous request.
class Outcome {
 public:
  Operation::Completion completion() const {
    return [state = state_](Result<OutputPtr> result) {
      {
        const std::lock_guard lock(state->mutex);
        state->result = std::move(result);
      }
      state->times.add();
    };
  }
  int times() const { return state_->times.get(); }
  bool arrives(std::chrono::milliseconds time = kPatience) const {
    return state_->times.reaches(1, time);
  }
  // Waits for it; a test that never gets one fails here.
  Result<OutputPtr> wait() const {
    if (!arrives()) {
      ADD_FAILURE() << "no outcome came";
      return Status(ErrorKind::kDeadline, Code::kDeadline, "test", "no outcome came");
    }
    const std::lock_guard lock(state_->mutex);
    return *state_->result;
  }

 private:
  struct State {
    std::mutex mutex;
    std::optional<Result<OutputPtr>> result;
    Count times;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

inline WaitLimit within(Clock::duration time) { return {Deadline::after(time), nullptr}; }
inline WaitLimit patient() { return within(kPatience); }

// A request with one item of five bytes, or with what a test puts in.
struct OwnRequest {
  std::string bytes = "bytes";
  std::vector<DataItem> items;
  std::vector<std::uint32_t> resources;
  Request request;
};
inline std::shared_ptr<const Request> a_request(std::vector<std::uint32_t> resources = {}) {
  auto own = std::make_shared<OwnRequest>();
  DataItem item;
  item.key = "key";
  item.data = own->bytes.data();
  item.size = own->bytes.size();
  own->items.push_back(item);
  own->resources = std::move(resources);
  own->request.data = own->items;
  own->request.resources = own->resources;
  return {own, &own->request};
}

// A host around a FakeEngine. At the end of each test the host is closed, and the engine must have
// been treated by the rules.
class HostTest : public testing::Test {
 protected:
  EngineHost& start(EngineHost::Options options = {}) {
    options.name = "fake";
    host_ = std::make_shared<EngineHost>(*runtime_, std::make_unique<FakeEngine>(script_),
                                         std::move(options));
    const Status status = host_->start({});
    EXPECT_TRUE(status.ok());
    return *host_;
  }
  EngineHost& start_with(std::size_t concurrency) {
    EngineHost::Options options;
    options.concurrency = concurrency;
    return start(options);
  }
  std::uint64_t stat(Stats::Counter Stats::* counter) { return (host_->stats().*counter).load(); }

  void TearDown() override {
    if (host_) {
      const Status closed = host_->close(patient());
      ASSERT_TRUE(closed.ok()) << closed.message();
      ASSERT_TRUE(script_->finis.reaches(script_->inits.get() > failed_inits_ ? 1 : 0));
      EXPECT_EQ(host_->gate().calls(), 0U);
      EXPECT_EQ(host_->live_sessions(), 0U);
    }
    EXPECT_EQ(script_->faults(), "");
  }

  int failed_inits_ = 0;
  std::unique_ptr<Runtime> runtime_ = std::make_unique<Runtime>();
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::shared_ptr<EngineHost> host_;
};

}  // namespace aiges::test
