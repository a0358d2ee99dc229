--- LaTeX as a line of readable Unicode text, for terminals that draw no pictures of it.

local M = {}

local LARGEST = 4096 -- bytes

-- stylua: ignore
local SYMBOLS = {
  alpha = "α", beta = "β", gamma = "γ", delta = "δ", epsilon = "ϵ", varepsilon = "ε", zeta = "ζ", eta = "η",
  theta = "θ", vartheta = "ϑ", iota = "ι", kappa = "κ", lambda = "λ", mu = "μ", nu = "ν", xi = "ξ", pi = "π",
  rho = "ρ", sigma = "σ", tau = "τ", upsilon = "υ", phi = "ϕ", varphi = "φ", chi = "χ", psi = "ψ", omega = "ω",
  Gamma = "Γ", Delta = "Δ", Theta = "Θ", Lambda = "Λ", Xi = "Ξ", Pi = "Π", Sigma = "Σ", Upsilon = "Υ", Phi = "Φ",
  Psi = "Ψ", Omega = "Ω", infty = "∞", partial = "∂", nabla = "∇", ell = "ℓ", hbar = "ℏ", Re = "ℜ", Im = "ℑ",
  sum = "∑", prod = "∏", int = "∫", iint = "∬", oint = "∮", cdot = "⋅", times = "×", div = "÷", pm = "±", mp = "∓",
  ast = "∗", star = "⋆", circ = "∘", otimes = "⊗", oplus = "⊕", leq = "≤", le = "≤", geq = "≥", ge = "≥", neq = "≠",
  ne = "≠", approx = "≈", equiv = "≡", sim = "∼", propto = "∝", ll = "≪", gg = "≫", to = "→", rightarrow = "→",
  leftarrow = "←", Rightarrow = "⇒", Leftarrow = "⇐", iff = "⇔", mapsto = "↦", ["in"] = "∈", notin = "∉",
  subset = "⊂", subseteq = "⊆", cup = "∪", cap = "∩", emptyset = "∅", forall = "∀", exists = "∃", neg = "¬",
  wedge = "∧", land = "∧", vee = "∨", lor = "∨", ldots = "…", cdots = "⋯", dots = "…", prime = "′", mid = "|",
  vert = "|", Vert = "‖", langle = "⟨", rangle = "⟩", lfloor = "⌊", rfloor = "⌋", lceil = "⌈", rceil = "⌉",
  quad = "  ", qquad = "    ", left = "", right = "", displaystyle = "", textstyle = "", limits = "", big = "",
  Big = "", bigg = "", Bigg = "", [","] = " ", [";"] = " ", [":"] = " ", ["!"] = "", [" "] = " ", ["{"] = "{",
  ["}"] = "}", ["%"] = "%", ["$"] = "$", ["_"] = "_", ["&"] = "&", ["#"] = "#", ["|"] = "‖", ["\\"] = "; ",
}
for name in
  ("sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan log ln exp lim max min sup inf det gcd arg"):gmatch(
    "%a+"
  )
do
  SYMBOLS[name] = name
end

--- Commands that change only how their argument looks.
local STYLES = {}
for name in
  ("text mathrm mathbf mathit mathsf mathtt mathcal mathbb boldsymbol operatorname mbox"):gmatch("%a+")
do
  STYLES[name] = true
end

--- Combining characters, placed after a single letter.
local ACCENTS =
  { hat = "\204\130", bar = "\204\132", tilde = "\204\131", dot = "\204\135", vec = "\226\131\151" }

---@param from string
---@param to string
---@return table<string, string> by character
local function script(from, to)
  local map, characters = {}, vim.fn.split(to, "\\zs")
  for index, character in ipairs(vim.fn.split(from, "\\zs")) do
    map[character] = characters[index]
  end
  return map
end

local SCRIPTS = {
  ["^"] = script(
    "0123456789+-=()nixyTabcdefghjklmoprstuvwz*′",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣʸᵀᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷᶻ*′"
  ),
  ["_"] = script(
    "0123456789+-=()aehijklmnoprstuvx",
    "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
  ),
}

---@param sign "^"|"_"
---@param words string
---@return string
local function raised(sign, words)
  local parts = {}
  for index, character in ipairs(vim.fn.split(words, "\\zs")) do
    parts[index] = SCRIPTS[sign][character]
    if not parts[index] then
      return vim.fn.strchars(words) == 1 and sign .. words or ("%s(%s)"):format(sign, words)
    end
  end
  return table.concat(parts)
end

--- Puts an operand of more than one term in parentheses.
---@param words string
---@return string
local function operand(words)
  return (words:find("[-+*/ =]") or words:find("⋅", 1, true)) and ("(%s)"):format(words) or words
end

local sequence

--- Reads one argument: a group in braces, a command, or a character.
---@param source string
---@param at integer
---@return string words
---@return integer next
local function argument(source, at)
  at = source:find("%S", at) or #source + 1
  if source:sub(at, at) == "{" then
    return sequence(source, at + 1, "}")
  elseif source:sub(at, at) == "\\" then
    local _, stop = source:find("^\\%a+", at)
    return sequence(source:sub(1, stop or at + 1), at), (stop or at + 1) + 1
  end
  local _, stop = source:find("^[%z\1-\127\194-\244][\128-\191]*", at)
  return stop and source:sub(at, stop) or "", (stop or at) + 1
end

---@param source string
---@param at integer of the backslash
---@return string words
---@return integer next
local function command(source, at)
  local name = source:match("^\\(%a+)", at) or source:sub(at + 1, at + 1)
  local after = at + 1 + #name
  if SYMBOLS[name] then
    -- "\left." and "\right." have no delimiter.
    if (name == "left" or name == "right") and source:sub(after, after) == "." then
      after = after + 1
    end
    return SYMBOLS[name], after
  elseif name == "frac" or name == "dfrac" or name == "tfrac" then
    local over, middle = argument(source, after)
    local under, stop = argument(source, middle)
    return operand(over) .. "/" .. operand(under), stop
  elseif name == "sqrt" then
    local degree, inside = source:match("^%[([^%]]*)%]()", after)
    local words, stop = argument(source, inside or after)
    local root = degree and raised("^", degree) or ""
    return root .. "√" .. (vim.fn.strchars(words) == 1 and words or ("(%s)"):format(words)), stop
  elseif STYLES[name] then
    return argument(source, after)
  elseif ACCENTS[name] then
    local words, stop = argument(source, after)
    return words .. ACCENTS[name], stop
  elseif name == "begin" or name == "end" then
    local _, stop = argument(source, after)
    local columns = source:match("^{[lcr|]*}()", stop) -- of an array
    return "", columns or stop
  end
  error({ unknown = name }, 0)
end

--- Converts up to an unescaped `closing` character, or to the end.
---@param source string
---@param at integer
---@param closing? string
---@return string words
---@return integer next
sequence = function(source, at, closing)
  local parts = {}
  while at <= #source do
    local character = source:sub(at, at)
    local words
    if character == closing then
      return table.concat(parts), at + 1
    elseif character == "\\" then
      words, at = command(source, at)
    elseif character == "{" then
      words, at = sequence(source, at + 1, "}")
    elseif character == "^" or character == "_" then
      words, at = argument(source, at + 1)
      words = raised(character, words)
    else
      words = (character == "$" and "")
        or (character == "&" and " ")
        or (character == "~" and " ")
        or character
      at = at + 1
    end
    parts[#parts + 1] = words
  end
  return table.concat(parts), at
end

--- Converts LaTeX mathematics. Text that is long or contains an unknown command is returned unchanged.
---@param source string
---@return string
function M.readable(source)
  if #source > LARGEST then
    return source
  end
  local converted, words = pcall(sequence, source, 1)
  return converted and vim.trim((words:gsub("%s+", " "))) or source
end

return M
