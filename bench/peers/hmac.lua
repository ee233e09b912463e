-- Checks X-Hub-Signature-256 over the raw body and answers; nothing is stored. Returns a maker of the handler.
local ffi = require 'ffi'

ffi.cdef [[
  typedef struct hmac_ctx_st HMAC_CTX;
  typedef struct evp_md_st EVP_MD;
  typedef struct engine_st ENGINE;
  HMAC_CTX *HMAC_CTX_new(void);
  int HMAC_Init_ex(HMAC_CTX *ctx, const void *key, int length, const EVP_MD *md, ENGINE *engine);
  int HMAC_Update(HMAC_CTX *ctx, const unsigned char *data, size_t length);
  int HMAC_Final(HMAC_CTX *ctx, unsigned char *digest, unsigned int *length);
  const EVP_MD *EVP_sha256(void);
  int CRYPTO_memcmp(const void *a, const void *b, size_t length);
]]

local C = ffi.C
local HEX_LENGTH, DIGEST_LENGTH, PREFIX = 64, 32, 'sha256='
local ANSWER = '{"resourceType":"Bundle","type":"transaction-response"}'
local DIGITS = '0123456789abcdef'

return function(secret)
  local context = C.HMAC_CTX_new()
  local digest = ffi.new('unsigned char[?]', DIGEST_LENGTH)
  local length = ffi.new('unsigned int[1]')
  local hex = ffi.new('unsigned char[?]', HEX_LENGTH)
  assert(C.HMAC_Init_ex(context, secret, #secret, C.EVP_sha256(), nil) == 1)

  local function is_signed(body, header)
    if #header ~= #PREFIX + HEX_LENGTH or header:sub(1, #PREFIX) ~= PREFIX then return false end
    -- No key: the one of before, already expanded.
    C.HMAC_Init_ex(context, nil, 0, nil, nil)
    C.HMAC_Update(context, body, #body)
    C.HMAC_Final(context, digest, length)
    for index = 0, DIGEST_LENGTH - 1 do
      local byte = digest[index]
      local low = byte % 16
      hex[2 * index] = DIGITS:byte((byte - low) / 16 + 1)
      hex[2 * index + 1] = DIGITS:byte(low + 1)
    end
    return C.CRYPTO_memcmp(hex, header:sub(#PREFIX + 1), HEX_LENGTH) == 0
  end

  return function()
    ngx.req.read_body()
    local body = ngx.req.get_body_data() or ''
    if not is_signed(body, ngx.var.http_x_hub_signature_256 or '') then return ngx.exit(401) end
    ngx.header['Content-Type'] = 'application/fhir+json'
    ngx.print(ANSWER)
  end
end
