#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "abi/c_engine.h"
#include "support/host_test.h"
#include "support/probe.h"

namespace aiges::test {

// A request in the making; it owns what the request points to.
class Call {
 public:
  Call(std::initializer_list<Pair> params = {}) : params_(params) {}
  Call& item(std::string_view key, std::string_view bytes, int status = kStatusOnce) {
    DataItem item;
    item.key = key;
    item.data = bytes.data();
    item.size = bytes.size();
    item.status = status;
    items_.push_back(item);
    return *this;
  }
  Call& resources(std::vector<std::uint32_t> ids) {
    resources_ = std::move(ids);
    return *this;
  }
  Request request() const {
    Request request;
    request.params = params_;
    request.data = items_;
    request.resources = resources_;
    return request;
  }
  std::shared_ptr<const Request> shared() const {
    struct Shared {
      const Call call;
      Request request;
    };
    auto copy = std::make_shared<Shared>(Shared{*this, {}});
    copy->request = copy->call.request();
    return {copy, &copy->request};
  }

 private:
  std::vector<Pair> params_;
  std::vector<DataItem> items_;
  std::vector<std::uint32_t> resources_;
};
// A host around a test engine. At the end of each test it is closed, and the engine must have been
// treated by the rules and have everything back.
class CEngineTest : public testing::Test {
 protected:
  // The engine's host; null, with status_ set, when the start failed.
  EngineHost* load(const std::string& name, std::initializer_list<Pair> config = {},
                   EngineHost::Options options = {}) {
    host_ = nullptr;
    probe_.emplace(name);
    if (has_kit(name)) probe_->reset();
    kit_ = has_kit(name);
    Result<std::unique_ptr<CEngine>> engine = CEngine::load(engine_path(name), 0);
    if (!engine.ok()) {
      status_ = engine.status();
      return nullptr;
    }
    options.name = name;
    host_ = std::make_shared<EngineHost>(*runtime_, std::move(engine.value()), std::move(options));
    status_ = host_->start(std::span<const Pair>(config.begin(), config.size()));
    if (!status_.ok()) host_ = nullptr;
    return host_.get();
  }
  Result<OutputPtr> exec(const Call& call) { return host_->exec(call.request(), {}); }
  std::string text(const Call& call) { return text_of(exec(call)); }
  std::uint64_t stat(Stats::Counter Stats::* counter) { return (host_->stats().*counter).load(); }
  // The stray callbacks as "late double unknown".
  std::string strays() {
    return std::to_string(stat(&Stats::callbacks_late)) + " " +
           std::to_string(stat(&Stats::callbacks_double)) + " " +
           std::to_string(stat(&Stats::callbacks_unknown));
  }

  void TearDown() override {
    if (!host_) return;
    const Status closed = host_->close(patient());
    EXPECT_TRUE(closed.ok() || fini_fails_) << closed.message();
    if (!kit_) return;
    ASSERT_TRUE(probe_->wait_for("fini", 1));
    EXPECT_EQ(probe_->count("fini"), 1);
    for (const char* fault : {"after_fini", "before_init", "null_lists", "tag_mismatch",
                              "set_ctrl_late", "overlaps", "live_sessions"}) {
      // For its text a wrapperFini that fails is followed by one wrapperError.
      const bool asked_why = fini_fails_ && std::string(fault) == "after_fini";
      EXPECT_LE(probe_->count(fault), asked_why ? 1 : 0) << fault;
    }
    EXPECT_EQ(probe_->count("live_lists"), lost_lists_);
  }

  std::unique_ptr<Runtime> runtime_ = std::make_unique<Runtime>();
  std::optional<Probe> probe_;
  std::shared_ptr<EngineHost> host_;
  Status status_;
  bool fini_fails_ = false;
  int lost_lists_ = 0;

 private:
  static bool has_kit(const std::string& name) {
    return name != "fewer_params" && name != "own_headers";
  }
  bool kit_ = false;
};

}  // namespace aiges::test
