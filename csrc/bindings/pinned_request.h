#pragma once

#include "bindings/python.h"

#include <array>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "base/small_vector.h"
#include "base/status.h"
#include "engine/engine.h"

namespace aiges::py {

// A request made of Python objects. Nothing is copied: it holds references to the objects (and
// exports of their buffers) whose memory the Request points into, for as long as it lives.
// The GIL is held while it is filled and while it is destroyed; see make_shared_request().
class PinnedRequest {
 public:
  PinnedRequest() = default;
  ~PinnedRequest();
  PinnedRequest(const PinnedRequest&) = delete;
  PinnedRequest& operator=(const PinnedRequest&) = delete;

  // Each takes what a caller wrote, None included, and fails with an InvalidDataError status that
  // names the key. A Python error may be set instead when an object's own code raised.
  Status set_params(PyObject* params);
  // `plain_status` is for items without a status of their own, `forced_status` for all.
  Status set_data(PyObject* data, int plain_status, std::optional<int> forced_status = {});
  Status set_resources(PyObject* ids);
  // A single item, as load_resource takes it.
  Status add_item(PyObject* key, PyObject* value, PyObject* desc, int plain_status,
                  std::optional<int> forced_status);

  const Request& request();
  std::span<const DataItem> items() const { return items_.span(); }
  std::span<const Pair> params() const { return params_.span(); }

 private:
  Status text_of(PyObject* value, std::string_view name, std::string_view& out);
  Status add_pairs(PyObject* mapping, const char* what, std::vector<Pair>& out);
  Status add_payload(PyObject* value, DataItem& item);
  Status key_of(PyObject* key, const char* what, std::string_view& out);
  PyObject* keep(PyObject* object) {
    refs_.push_back(Py_NewRef(object));
    return object;
  }

  Request request_;
  SmallVector<Pair, 4> params_;
  SmallVector<DataItem, 2> items_;
  SmallVector<PyObject*, 12> refs_;
  std::vector<std::uint32_t> resources_;
  std::list<Py_buffer> buffers_;               // a list: exports must not move
  std::list<std::vector<Pair>> descriptions_;  // likewise
  std::list<std::string> texts_;
};

// A request that outlives the call that made it, and may be dropped by any thread.
std::shared_ptr<PinnedRequest> make_shared_request();
// The same as the core takes it.
std::shared_ptr<const Request> as_request(const std::shared_ptr<PinnedRequest>& pinned);

// Tells this file the class of typed items (aiges_native.types.Data).
void set_data_class(PyObject* type);

}  // namespace aiges::py
