#pragma once

#include <cassert>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/codes.h"

namespace aiges {

// What went wrong, as a caller distinguishes it. Each edge (Python, wire, command line) maps a kind
// to its own vocabulary in one place.
enum class ErrorKind {
  kLoad,         // the library or file is not a usable engine
  kInit,         // wrapperInit said no
  kEngine,       // the engine failed, or produced something unusable
  kSession,      // used out of order, closed, or unknown
  kOverload,     // no capacity
  kDeadline,     // not in time
  kInvalidData,  // the request is malformed
};

// Success, or a failure with its full story. A success carries no allocation.
class [[nodiscard]] Status {
 public:
  Status() = default;

  // `where` names the call that failed ("wrapperExec"); `message` is what an AIGES client would
  // read.
  Status(ErrorKind kind, Code code, std::string where, std::string message)
      : rep_(std::make_shared<Rep>(
            Rep{kind, code, {}, std::move(where), std::move(message), {}, {}})) {}

  bool ok() const { return rep_ == nullptr; }
  ErrorKind kind() const { return rep_->kind; }
  Code code() const { return ok() ? Code::kOk : rep_->code; }
  std::optional<int> engine_code() const { return rep_->engine_code; }
  const std::string& where() const { return rep_->where; }
  const std::string& message() const { return rep_->message; }
  const std::string& session_id() const { return rep_->session_id; }
  // An object of the runtime that raised the error (a Python exception); opaque here.
  const std::shared_ptr<void>& cause() const { return rep_->cause; }

  Status&& with_engine_code(int engine_code) && {
    rep_->engine_code = engine_code;
    return std::move(*this);
  }
  // Keeps the id that is there already: the place nearest to the failure knows best.
  Status&& with_session_id(std::string_view id) && {
    if (rep_->session_id.empty()) rep_->session_id = id;
    return std::move(*this);
  }
  Status&& with_cause(std::shared_ptr<void> cause) && {
    rep_->cause = std::move(cause);
    return std::move(*this);
  }

 private:
  struct Rep {
    ErrorKind kind;
    Code code;
    std::optional<int> engine_code;
    std::string where;
    std::string message;
    std::string session_id;
    std::shared_ptr<void> cause;
  };
  // Shared so that one failure can be given to every waiter; not changed once it was shared.
  std::shared_ptr<Rep> rep_;
};

// A value or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  // Implicit by design: functions return either.
  // NOLINTBEGIN(google-explicit-constructor,misc-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Status status) : state_(std::in_place_index<1>, std::move(status)) {
    assert(!std::get<1>(state_).ok());
  }
  // NOLINTEND(google-explicit-constructor,misc-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  T& value() { return std::get<0>(state_); }
  const T& value() const { return std::get<0>(state_); }
  const Status& status() const { return std::get<1>(state_); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace aiges
