/* The desc of the output: param case=cyclic|null_value|null_key|null_value_with_length. */
#include "engine_kit.h"

static char first_key[] = "first", second_key[] = "second", value[] = "value";
static struct ParamList second = {second_key, value, 5, NULL};
static struct ParamList first = {first_key, value, 5, &second};
static struct ParamList second_of_cycle = {second_key, value, 5, NULL};
static struct ParamList first_of_cycle = {first_key, value, 5, &second_of_cycle};
static struct ParamList null_value = {first_key, NULL, 0, &second};
static struct ParamList null_value_with_length = {first_key, NULL, 5, &second};
static struct ParamList null_key = {NULL, value, 5, &second};

int wrapperInit(pConfig cfg) {
  (void)cfg;
  kit_enter(KIT_init);
  second_of_cycle.next = &first_of_cycle;
  return 0;
}

int wrapperFini(void) {
  kit_enter(KIT_fini);
  return 0;
}

KIT_ERROR("bad_desc: failed")

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  pDataList node = kit_text("result", "text");
  node->desc = &first;
  if (kit_param_is(params, "case", "cyclic")) node->desc = &first_of_cycle;
  if (kit_param_is(params, "case", "null_value")) node->desc = &null_value;
  if (kit_param_is(params, "case", "null_value_with_length")) node->desc = &null_value_with_length;
  if (kit_param_is(params, "case", "null_key")) node->desc = &null_key;
  kit_give(usrTag, respData, node);
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  (*respData)->desc = NULL; /* static */
  kit_take_back(usrTag, respData);
  return 0;
}
