in vec3 position;
in vec3 normal;
in vec3 rest;
in vec4 mask;
in vec2 openness; // ambient light that reaches the vertex, how thick the hair grows
out vec3 world, surface, at;
out vec4 masks;
out vec2 ambient;
out vec4 in_light;

void main() {
    mat3 turn = turn_at(headward(rest));
    world = turn * (position - pivot) + pivot + shift;
    surface = turn * normal;
    at = rest;
    masks = mask;
    ambient = openness;
    in_light = light_projection * vec4(world, 1.0);
    gl_Position = view_projection * vec4(world, 1.0);
}
