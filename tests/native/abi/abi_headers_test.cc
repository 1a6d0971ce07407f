// The ABI's headers as a C++ compiler sees them; abi_headers_test.c does the same in C11.
#include <gtest/gtest.h>

#include <cstddef>
#include <type_traits>

#include "aiges/wrapper_ext.h"

extern "C" {
void aiges_c_sizes(std::size_t sizes[4]);
void aiges_c_fill(pDataList data, pDescList desc, char* text);
}

namespace {

static_assert(std::is_same_v<decltype(&wrapperSetCtrl), wrapperSetCtrlPtr>);
static_assert(std::is_same_v<decltype(&wrapperInit), wrapperInitPtr>);
static_assert(std::is_same_v<decltype(&wrapperFini), wrapperFiniPtr>);
static_assert(std::is_same_v<decltype(&wrapperError), wrapperErrorPtr>);
static_assert(std::is_same_v<decltype(&wrapperVersion), wrapperVersionPtr>);
static_assert(std::is_same_v<decltype(&wrapperLoadRes), wrapperLoadResPtr>);
static_assert(std::is_same_v<decltype(&wrapperUnloadRes), wrapperUnloadResPtr>);
static_assert(std::is_same_v<decltype(&wrapperCreate), wrapperCreatePtr>);
static_assert(std::is_same_v<decltype(&wrapperWrite), wrapperWritePtr>);
static_assert(std::is_same_v<decltype(&wrapperRead), wrapperReadPtr>);
static_assert(std::is_same_v<decltype(&wrapperDestroy), wrapperDestroyPtr>);
static_assert(std::is_same_v<decltype(&wrapperExec), wrapperExecPtr>);
static_assert(std::is_same_v<decltype(&wrapperExecFree), wrapperExecFreePtr>);
static_assert(std::is_same_v<decltype(&wrapperExecAsync), wrapperExecAsyncPtr>);
static_assert(std::is_same_v<decltype(&wrapperDebugInfo), wrapperDebugInfoPtr>);
static_assert(std::is_same_v<decltype(&wrapperCancel), wrapperCancelPtr>);
static_assert(std::is_same_v<decltype(&wrapperBatchExec), wrapperBatchExecPtr>);
static_assert(std::is_same_v<pParamList, pConfig> && std::is_same_v<pParamList, pDescList>);
static_assert(std::is_standard_layout_v<DataList> && std::is_trivially_copyable_v<DataList>);

TEST(AbiHeaders, SizesAreThoseOfC) {
  std::size_t sizes[4] = {};
  aiges_c_sizes(sizes);
  EXPECT_EQ(sizes[0], sizeof(ParamList));
  EXPECT_EQ(sizes[1], sizeof(DataList));
  EXPECT_EQ(sizes[2], sizeof(BatchItem));
  EXPECT_EQ(sizes[3], sizeof(DataStatus));
  EXPECT_EQ(sizes[1], 48U) << "AIGES's layout on LP64";
}

TEST(AbiHeaders, FieldsAreThoseOfC) {
  char text[4] = {};
  ParamList desc{};
  DataList data{};
  aiges_c_fill(&data, &desc, text);
  EXPECT_EQ(desc.key, text);
  EXPECT_EQ(desc.value, text + 1);
  EXPECT_EQ(desc.vlen, 0x01020304U);
  EXPECT_EQ(desc.next, &desc);
  EXPECT_EQ(data.key, text + 2);
  EXPECT_EQ(data.data, text + 3);
  EXPECT_EQ(data.len, 0xFFFFFFFFU);
  EXPECT_EQ(data.type, DataVideo);
  EXPECT_EQ(data.status, DataEnd);
  EXPECT_EQ(data.desc, &desc);
  EXPECT_EQ(data.next, &data);
}

}  // namespace
