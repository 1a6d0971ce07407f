#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "session/session.h"
#include "support/host_test.h"

namespace aiges::test {

inline std::span<const DataItem> an_item() {
  static const DataItem item = [] {
    DataItem made;
    made.key = "key";
    made.data = "bytes";
    made.size = 5;
    return made;
  }();
  return {&item, 1};
}

class SessionTestBase : public HostTest {
 protected:
  std::shared_ptr<Session> open(const Request& request = {}, Mode mode = Mode::kStream) {
    Result<std::shared_ptr<Session>> session = Session::open(host_, request, mode);
    EXPECT_TRUE(session.ok());
    return session.ok() ? session.value() : nullptr;
  }
  // A session with callbacks; tag_ is its tag then.
  std::shared_ptr<Session> open_async() {
    script_->on_create = [this](const Request& request, bool with_callback) {
      EXPECT_TRUE(with_callback);
      tag_ = request.tag_text;
      return Status();
    };
    return open({}, Mode::kStreamAsync);
  }
  int call_back(const char* text, int status = kStatusContinue) {
    return script_->call_back(tag_, text_output("k", text, status));
  }
  std::string tag_;
};

}  // namespace aiges::test
