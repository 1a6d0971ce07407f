#include "abi/list_view.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

namespace aiges {
namespace {

// Far above any real answer; what is longer is a chain without an end (or cannot be told from one).
constexpr std::size_t kMaxNodes = 65'536;
constexpr std::size_t kMaxKey = 65'536;     // bytes
constexpr std::size_t kMaxDesc = 1U << 20;  // bytes of one description value
constexpr std::uint64_t kMaxTotal = std::numeric_limits<std::uint32_t>::max();
// Payloads from this size on are worth a system call that tells whether they can exist: it costs a
// microsecond, which is less than one in a hundred of what making such a payload costs.
constexpr std::size_t kProbe = std::size_t{4} << 20;

Status bad(const char* where, const std::string& what) {
  // The beginning is AIGES's text for this error, which clients may look for.
  return Status(ErrorKind::kEngine, Code::kInvalidOutput, where,
                "wrapper output data invalid(key or type): " + what);
}

// Whether the page that holds the byte exists in this process; true when that cannot be found out.
bool mapped(const void* byte) {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::uintptr_t start = reinterpret_cast<std::uintptr_t>(byte) / page * page;
  unsigned char residency = 0;
  // Only asked about, never read: the optimiser need not know where it came from.
  void* const first = reinterpret_cast<void*>(start);  // NOLINT(performance-no-int-to-ptr)
  return ::mincore(first, page, &residency) == 0 || errno != ENOMEM;
}

bool can_exist(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  if (reinterpret_cast<std::uintptr_t>(data) + size < size) return false;  // wraps around
  return mapped(bytes + size - 1);
}

std::string named(const DataList& node, std::size_t index) {
  return "item " + std::to_string(index) + " ('" + std::string(node.key, ::strnlen(node.key, 80)) +
         "')";
}

// Whether the description of a node ends.
bool desc_ends(const DataList& node) {
  std::size_t count = 0;
  for (const ParamList* entry = node.desc; entry; entry = entry->next)
    if (++count > kMaxNodes) return false;
  return true;
}

}  // namespace

Status check_list(const DataList* head, const char* where, ListFault& fault) {
  fault = ListFault::kNone;
  std::size_t index = 0;
  // First only the chains: a fault in a node must not hide that the list has no end.
  for (const DataList* node = head; node; node = node->next) {
    if (++index > kMaxNodes) {
      fault = ListFault::kEndless;
      return bad(where, "the list has more than " + std::to_string(kMaxNodes) +
                            " nodes or runs in a circle");
    }
    if (!desc_ends(*node)) {
      fault = ListFault::kEndless;
      return bad(where,
                 "the description of " +
                     (node->key ? named(*node, index - 1) : "item " + std::to_string(index - 1)) +
                     " does not end");
    }
  }
  index = 0;
  std::uint64_t total = 0;
  Status first_fault;
  const auto note = [&](const std::string& what) {
    if (first_fault.ok()) first_fault = bad(where, what);
    fault = ListFault::kContent;
  };
  for (const DataList* node = head; node; node = node->next, ++index) {
    if (!node->key) {
      note("item " + std::to_string(index) + " has no key (NULL)");
      continue;
    }
    if (::strnlen(node->key, kMaxKey + 1) > kMaxKey) {
      note("the key of item " + std::to_string(index) + " is longer than 64 KiB");
      continue;
    }
    total += node->len;
    if (node->len != 0 && !node->data) {
      note(named(*node, index) + " claims " + std::to_string(node->len) +
           " bytes but its data is NULL");
    } else if (total > kMaxTotal) {
      note("the items up to " + named(*node, index) + " claim " + std::to_string(total) +
           " bytes in total, more than 4 GiB - 1");
    } else if (node->len >= kProbe && !can_exist(node->data, node->len)) {
      note(named(*node, index) + " claims " + std::to_string(node->len) +
           " bytes, but the memory it points to is not that long");
    }
  }
  return first_fault;
}

OutputItem view_node(const DataList& node) {
  OutputItem item;
  item.key = node.key;
  item.data = node.data;
  item.size = node.len;
  // As numbers: engines leave other values than the enumerations have.
  static_assert(sizeof item.type == sizeof node.type && sizeof item.status == sizeof node.status);
  std::memcpy(&item.type, &node.type, sizeof item.type);
  std::memcpy(&item.status, &node.status, sizeof item.status);
  return item;
}

void view_desc(const DataList& node, DescLength length, std::vector<Pair>& out) {
  for (const ParamList* entry = node.desc; entry; entry = entry->next) {
    if (!entry->key) continue;
    std::string_view value;
    if (entry->value) {
      const bool by_vlen =
          length == DescLength::kVlen && entry->vlen != 0 && entry->vlen <= kMaxDesc;
      value = {entry->value, by_vlen ? entry->vlen : ::strnlen(entry->value, kMaxDesc)};
    }
    out.push_back({entry->key, value});
  }
}

Result<OutputPtr> copy_list(const DataList* head, const char* where, DescLength length) {
  if (empty_list(head)) return OutputPtr();
  ListFault fault{};
  if (Status status = check_list(head, where, fault); !status.ok()) return status;
  std::vector<OwnedOutput::Source> sources;
  std::vector<Pair> pairs;
  for (const DataList* node = head; node; node = node->next) {
    OutputItem item = view_node(*node);
    item.desc_begin = pairs.size();
    view_desc(*node, length, pairs);
    item.desc_end = pairs.size();
    sources.push_back({item, {}});
  }
  for (OwnedOutput::Source& source : sources) {
    source.desc = std::span<const Pair>(pairs).subspan(
        source.item.desc_begin, source.item.desc_end - source.item.desc_begin);
  }
  return OwnedOutput::copy_of(sources);
}

}  // namespace aiges
